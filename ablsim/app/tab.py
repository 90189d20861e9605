"""The process of one tab: what it is comes in as a line of JSON, how it is goes out in others."""

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from ablsim.app.page import Page


def main() -> None:
    """Serve one page. It ends with whoever started it, whose end of the input then closes."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(what: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    page = Page(Path(asked["folder"]), Path(asked["case"]) if asked["case"] else None, tell)
    asyncio.run(page.serve(asked["secret"]))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)
