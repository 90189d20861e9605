"""What a waiting person sees: simulated time, speed and time left, on standard error."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from ablsim.cohort.run import Progress as StudyState

LINE_EVERY = 60.0
"""Time between two lines about a study where there is no terminal [s]."""


class _Clock(ProgressColumn):
    """Simulated time, and simulated seconds per second of waiting."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text()
        total = task.total
        text = f"{task.completed:5.0f} of {total:.0f} s"
        if task.finished:
            return Text(f"{text} simulated in {task.finished_time or 0.0:.0f} s")
        return Text(f"{text}, {task.speed:.0f} s/s" if task.speed else text)


class RunProgress:
    """A progress bar for a terminal; one line every 10 % where there is none.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            _Clock(),
            TimeRemainingColumn(compact=True),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("preparing (the first run compiles)", total=None)
        self._told = 0
        self._runs_told = -1

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Write one line above the bar."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def stage(self, text: str) -> None:
        """Name what comes after the simulation."""
        self._bar.update(self._task, description=text)

    def count(self, what: str, number: int, total: int) -> None:
        """Say that run ``number`` of ``total`` begins."""
        text = f"{what}: run {number} of {total}"
        self.stage(text)
        if not self._console.is_terminal:
            self.say(text)

    def runs(self, done: int, total: int) -> None:
        """Say how many of many short runs are done; one line every 5 % where there is no bar."""
        text = f"{done} of {total} runs"
        self.stage(text)
        share = int(20.0 * done / total)
        if not self._console.is_terminal and share > self._runs_told:
            self._runs_told = share
            self.say(text)

    def step(self, text: str) -> None:
        """Name what comes next, in a line of its own where there is no bar."""
        self.stage(text)
        if not self._console.is_terminal:
            self.say(text)

    def update(self, time: float, duration: float) -> None:
        """Show that ``time`` of ``duration`` [s] has been simulated."""
        self._bar.update(self._task, completed=time, total=duration, description="simulating")
        share = int(10.0 * time / duration)
        if not self._console.is_terminal and share > self._told:
            self._told = share
            self.say(f"{10 * share:3d} %  {time:.0f} of {duration:.0f} s simulated")


class WorkProgress:
    """Progress of many pieces of work of known size: a bar, or one line for each piece done.

    Parameters
    ----------
    efforts : sequence of float
        How much work each piece is, in any unit.
    heading : str
        What is to be done, said first.
    quiet : bool
        Show nothing.
    """

    def __init__(self, efforts: Sequence[float], *, heading: str, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            transient=True,
        )
        self._count = len(efforts)
        self._done = 0
        self._heading = heading
        self._task = self._bar.add_task("starting", total=sum(efforts))

    def __enter__(self) -> "WorkProgress":
        self._bar.start()
        self.say(self._heading)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Write one line above the bar."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def done(self, what: str, effort: float, remark: str = "") -> None:
        """Say that a piece is done, and what was wrong with it."""
        self._done += 1
        words = f"{self._done} of {self._count} done"
        self._bar.update(self._task, advance=effort, description=words)
        if remark or not self._console.is_terminal:
            self.say(f"{words}: {what}{f' ({remark})' if remark else ''}")


class StudyProgress:
    """A live line of a study for a terminal; one line a minute where there is none.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}"),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("starting workers", total=None, counts="")
        self._told_at = 0.0
        self._told = ""

    def __enter__(self) -> "StudyProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def stage(self, text: str) -> None:
        """Name what comes after the cases."""
        self._bar.update(self._task, description=text, total=None, counts="")

    def update(self, state: "StudyState", name: str = "") -> None:
        """Show how far a study is, with its name where it is one of several."""
        counts = f"{name}: {describe_study(state)}" if name else describe_study(state)
        self._bar.update(
            self._task,
            description=state.state or "cases",
            completed=state.settled,
            total=state.total,
            counts=counts,
        )
        now = time.monotonic()
        is_over = state.settled == state.total
        if self._console.is_terminal or counts == self._told:
            return
        if now - self._told_at > LINE_EVERY or is_over:
            self._told_at, self._told = now, counts
            words = f"{counts}; {state.state}" if state.state else counts
            self._console.print(words, highlight=False, markup=False, soft_wrap=True)


def describe_study(state: "StudyState") -> str:
    """Return how far a study is: done, failed, cases an hour and time left."""
    parts = [f"{state.settled} of {state.total} done"]
    if state.failed:
        parts.append(f"{state.failed} failed")
    if state.workers:
        parts.append(f"{state.workers} worker{'s' if state.workers > 1 else ''}")
    computed = state.computed + state.failed
    if computed and state.settled < state.total:
        rate = state.per_hour
        parts.append(f"{rate:.0f} an hour" if rate >= 10.0 else f"{rate:.2g} an hour")
        parts.append(f"{_duration(state.time_left)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    """Return a time as one waits for it."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    if seconds < 5400.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.1f} h"
