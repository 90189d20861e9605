"""The worker and the jobs of the page, without a page."""

import threading
from multiprocessing import Pipe

import pytest

from ablsim.app import jobs, solve
from ablsim.app.answer import Answer, Moment, Refusal, rows_of, verdict_of
from ablsim.app.design import FINE, Design

SMALL = Design(diameter=10.0, pattern="single", energy=100.0)
OTHER = SMALL.changed(energy=150.0)

pytestmark = pytest.mark.compiled


def hear(pipe, last, seconds=120.0):
    """Everything that comes until a message of a kind."""
    found = []
    while not found or not isinstance(found[-1], last):
        assert pipe.poll(seconds)
        found.append(pipe.recv())
    return found


def run_and_hear(job, *arguments):
    """Everything that a job sends; it runs here, where signals arrive, and is heard elsewhere."""
    ours, theirs = Pipe()
    found = []
    ear = threading.Thread(target=lambda: found.extend(hear(ours, jobs.ENDS)))
    ear.start()
    job(theirs, *arguments)
    ear.join(60.0)
    return found


@pytest.fixture
def worker():
    ours, theirs = Pipe()
    thread = threading.Thread(target=solve.work, args=(theirs,))
    thread.start()
    yield ours
    ours.close()
    thread.join(60.0)
    assert not thread.is_alive()


def test_a_design_is_answered_and_then_its_moments_come(worker):
    worker.send(("A", SMALL))
    (answer,) = hear(worker, Answer)
    assert answer.place == "A"
    assert "ablated" in answer.verdict
    assert dict(answer.rows)["Energy fired"] == "0.1 kJ"
    assert {"tumour", "needles"} <= {layer.name for layer in answer.still}
    assert any(layer.name.startswith("zone of") for layer in answer.moving)
    moments = [hear(worker, Moment)[-1] for _ in answer.times[:-1]]
    assert sorted(moment.number for moment in moments) == list(range(len(answer.times) - 1))
    assert list(answer.times) == sorted(answer.times)


def test_what_was_asked_last_is_what_is_answered(worker):
    for energy in (1500.0, 1200.0, 900.0):
        worker.send(("A", SMALL.changed(energy=energy)))
    worker.send(("A", OTHER))
    worker.send(("B", SMALL))
    heard = [*hear(worker, Answer), *hear(worker, Answer)]
    answers = [message for message in heard if isinstance(message, Answer)]
    while len(answers) < 2 or {"A", "B"} > {answer.place for answer in answers}:
        answers.append(hear(worker, Answer)[-1])
    last = {answer.place: dict(answer.rows)["Energy fired"] for answer in answers}
    assert last == {"A": "0.1 kJ", "B": "0.1 kJ"}
    assert len(answers) < 6  # not every one of them


def test_a_design_that_cannot_be_is_answered_with_a_reason(worker):
    worker.send(("A", SMALL.changed(diameter=-5.0)))
    message = hear(worker, (Refusal, Answer))[-1]
    assert isinstance(message, Refusal)
    assert message.reason


def test_margins_say_by_how_much_cells_may_have_moved_them():
    numerics = {"spacing_mm": 2.0, "cells": 1000, "wall_s": {"total": 0.1}}
    summary = {
        "zones": {"stasis": {"volume_ml": 5.0, "axes_mm": [20.0, 20.0, 15.0]}},
        "tumour": {"ablated_fraction": 0.5, "margin_min_mm": -3.0},
        "error": {"likely": None},
        "healthy_ablated_ml": 1.0,
        "energy_j": {"fired": 1800.0},
        "protocol": {"laser_time_s": 360.0},
        "organs": [{"name": "bile", "within_limits": False}],
        "numerics": numerics,
    }
    rows = rows_of(summary, "stasis")
    assert rows["Smallest margin"] == "-3.0 ± 0.8 mm"
    assert rows["Limit of bile"] == "exceeded"
    assert "too coarse" in rows["Zone of vascular stasis"]
    assert (
        " ± 7 %"
        in rows_of({**summary, "error": {"likely": 0.07}}, "stasis")["Zone of vascular stasis"]
    )


@pytest.mark.parametrize(("margin", "is_open"), [(0.7, True), (-0.7, True), (1.0, False)])
def test_a_verdict_that_cells_leave_open_says_so(margin, is_open):
    tumour = {"ablated_fraction": 1.0, "ablated_fraction_with_margin": 1.0, "margin_min_mm": margin}
    words = verdict_of({"tumour": tumour, "numerics": {"spacing_mm": 2.0}})
    assert ("cannot tell" in words) is is_open


def test_a_full_run_is_stored_shown_and_reported(tmp_path):
    heard = run_and_hear(jobs.run, "B", SMALL.to_text(), tmp_path / "new")
    done = heard[-1]
    assert isinstance(done, jobs.RunDone), done
    assert done.place == "B"
    assert done.result.is_file()
    assert "What the model leaves out" in done.report.read_text(encoding="utf-8")
    shares = [message.share for message in heard if isinstance(message, jobs.Progress)]
    assert shares == sorted(shares)
    assert any(isinstance(message, Answer) for message in heard)


def test_a_full_run_of_a_case_whose_cells_are_to_be_chosen_is_on_fine_ones(tmp_path):
    text = SMALL.to_text().replace('spacing = "1 mm"', 'spacing = "auto"')
    heard = run_and_hear(jobs.run, "A", text, tmp_path)
    (answer,) = (message for message in heard if isinstance(message, Answer))
    assert "of 1 mm" in dict(answer.rows)["Computed"]


def test_a_second_run_does_not_replace_the_first(tmp_path):
    case = SMALL.case(FINE, whole=True)
    first = jobs._free_name(tmp_path, case)
    first.touch()
    assert jobs._free_name(tmp_path, case) != first


def test_what_goes_wrong_is_said(tmp_path):
    (failure,) = run_and_hear(jobs.run, "A", "no case", tmp_path)
    assert "cannot be read" in failure.reason
    (tmp_path / "file").touch()
    assert "file" in run_and_hear(jobs.run, "A", SMALL.to_text(), tmp_path / "file")[-1].reason
    (failure,) = run_and_hear(jobs.plan, "A", "no case", 0.9, tmp_path)
    assert "cannot be read" in failure.reason


def test_a_job_whose_page_has_gone_just_ends(tmp_path):
    ours, theirs = Pipe()
    ours.close()
    jobs.run(theirs, "A", SMALL.to_text(), tmp_path)
    assert not list(tmp_path.glob("*.part"))
