"""Ctrl-C during a run: noted at once, obeyed at the next safe place.

Python raises KeyboardInterrupt wherever it happens to be, also inside the calls that HDF5 makes
back into Python while it writes; there the interrupt is lost or ends in a segmentation fault.
"""

import signal
import sys
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """A context in which SIGINT and SIGTERM only take effect where `check` is called."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._requested = False

    def __enter__(self) -> "Interruption":
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self._requested:
            sys.stderr.write("\nstopping at the next step ...\n")
        self._requested = True

    def check(self, kept: str = "no result was written") -> None:
        """Raise KeyboardInterrupt, saying what is ``kept``, if an interrupt was asked for."""
        if self._requested:
            raise KeyboardInterrupt(kept)
