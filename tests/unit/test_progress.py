"""What a waiting person sees of a study."""

import io
import time

import pytest
from rich.console import Console

from ablsim.cohort.run import Progress
from ablsim.progress import StudyProgress, describe_study


def state(seconds=0.0, **keys):
    return Progress(total=100, started=time.monotonic() - seconds, **keys)


def test_done_failed_rate_and_time_left_are_said_once_there_are_any():
    assert describe_study(state()) == "0 of 100 done"
    assert describe_study(state(looked_at=8, in_work=8, workers=2)) == "0 of 100 done, 2 workers"
    going = state(1800.0, looked_at=30, in_work=5, workers=1, computed=24, failed=1)
    assert describe_study(going) == "25 of 100 done, 1 failed, 1 worker, 50 an hour, 1.5 h left"
    over = state(10.0, looked_at=100, workers=1, computed=100)
    assert describe_study(over) == "100 of 100 done, 1 worker"


def test_what_was_there_already_does_not_count_as_speed():
    resumed = state(3600.0, looked_at=90, there_before=80, computed=10)
    assert resumed.per_hour == pytest.approx(10.0, rel=1e-3)
    assert resumed.time_left == pytest.approx(3600.0, rel=1e-3)
    assert state(3600.0, looked_at=90).time_left == float("inf")
    repeated = state(3600.0, looked_at=50, computed=10)  # four of five were computed before
    assert repeated.time_left == pytest.approx(3600.0, rel=1e-3)


def test_without_a_terminal_there_is_a_line_now_and_then_and_at_the_end(monkeypatch):
    stream = io.StringIO()
    progress = StudyProgress()
    monkeypatch.setattr(progress, "_console", Console(file=stream, width=100))
    with progress:
        progress.update(state(looked_at=4, in_work=4))
        progress.update(state(looked_at=5, in_work=4))
        progress.update(state(looked_at=6, in_work=4, state="no worker is connected"))
        progress.update(state(looked_at=100, workers=1))
        progress.update(state(looked_at=100, workers=1))
    assert stream.getvalue().splitlines() == ["0 of 100 done", "100 of 100 done, 1 worker"]


def test_a_quiet_one_says_nothing(capsys):
    with StudyProgress(quiet=True) as progress:
        progress.update(state(looked_at=100))
        progress.stage("drawing")
    assert capsys.readouterr() == ("", "")
