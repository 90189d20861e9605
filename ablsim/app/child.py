"""A process beside the page: what it sends arrives in the page's own loop."""

import asyncio
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 10.0
"""Time for a process to end before it is killed [s]."""


class Child:
    """A process with a pipe.

    Parameters
    ----------
    target : callable
        Runs in the process; its first argument is its end of the pipe.
    arguments : tuple
        What else it is given.
    on_message : callable
        Called in the loop of whoever made it with everything that the process sends.
    on_end : callable
        Called there once the process is gone.
    """

    def __init__(
        self,
        target: Callable[..., None],
        arguments: tuple[Any, ...],
        *,
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs, *arguments))
        self._process.start()
        theirs.close()
        self._loop = asyncio.get_running_loop()
        self._on_message, self._on_end = on_message, on_end
        threading.Thread(target=self._listen, args=(self._pipe,), daemon=True).start()

    def send(self, message: object) -> None:
        """Send something to the process; nothing happens if it is gone."""
        try:
            self._pipe.send(message)
        except (BrokenPipeError, OSError):
            return

    def stop(self) -> None:
        """Ask the process to end, and see that it does."""
        if self._process.is_alive():
            self._process.terminate()
            threading.Thread(target=self._see_it_end, daemon=True).start()

    def _see_it_end(self) -> None:
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()

    def _listen(self, pipe: Connection) -> None:
        """Pass on what comes, in a thread of its own."""
        try:
            while True:
                self._tell(self._on_message, pipe.recv())
        except (EOFError, OSError):
            self._process.join()
            self._tell(self._on_end)

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            return  # the page has ended meanwhile
