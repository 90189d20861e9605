"""The process of one tab: what it is comes in as a line of JSON, where it listens goes out."""

import asyncio
import json
import os
import sys
import threading
from pathlib import Path

from ablsim.app.page import Page


def main() -> None:
    """Serve one page. It ends with whoever started it, whose end of the input then closes."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def ready(port: int) -> None:
        sys.stdout.write(json.dumps({"port": port}) + "\n")
        sys.stdout.flush()

    page = Page(Path(asked["folder"]), Path(asked["case"]) if asked["case"] else None)
    asyncio.run(page.serve(asked["secret"], ready))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)
