"""Loaded by every worker on this machine as it starts: it leaves talking to the one who asks.

A terminal sends Ctrl-C to all processes at once. Workers that obeyed it would die in the middle of
a case and tell everyone so, while the parent is about to end them in good order. What goes wrong in
a case comes back as its reason, so nothing else that Python says here is of use to anyone.
"""

import os
import signal
import sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # as long as the process
