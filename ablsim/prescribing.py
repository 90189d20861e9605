"""What ``ablsim plan`` does between reading the demand and printing the plan sheet."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablsim.errors import CaseError, ResultError, UnfinishedError

if TYPE_CHECKING:
    from ablsim.case import Case
    from ablsim.planning import Plan
    from ablsim.planning.evaluator import Evaluator
    from ablsim.planning.request import Request
    from ablsim.planning.wish import Wish

WORKERS_MAX = 256


def check_paths(output: Path, *, force: bool) -> None:
    """Refuse a plan that could not be written, or that would replace another unasked."""
    if output.suffix != ".toml":
        msg = f"output {output}: a plan is a case file; write {output.with_suffix('.toml').name}"
        raise CaseError(msg)
    if output.exists() and not force:
        msg = f"output {output} exists already; choose another name with -o, or add --force"
        raise CaseError(msg)
    if not output.parent.is_dir():
        msg = f"output {output}: there is no folder {output.parent}; create it first"
        raise CaseError(msg)


def runs_folder(output: Path) -> Path:
    """Return where the runs of a plan are kept."""
    return output.with_suffix(".runs")


@contextmanager
def evaluating(
    folder: Path, *, workers: int | None, quiet: bool, heading: str
) -> Iterator[tuple["Evaluator", "Teller"]]:
    """Give an evaluator that shows its progress and can be interrupted."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    if workers is not None and not 0 <= workers <= WORKERS_MAX:
        msg = f"--workers {workers}: allowed are 0 to {WORKERS_MAX}; 0 computes without workers"
        raise CaseError(msg)
    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.planning.evaluation import code_of_evaluations
        from ablsim.planning.evaluator import Evaluator

        teller = Teller(progress, heading)
        kept = f"finished runs are kept in {folder}; the same command goes on with them"
        count = workers if workers is not None else len(os.sched_getaffinity(0))
        evaluator = Evaluator(
            folder,
            workers=count,
            code=code_of_evaluations(),
            check=lambda: interruption.check(kept),
            on_run=lambda tally: teller.count(tally.computed),
        )
        with evaluator.running():
            yield evaluator, teller


class Teller:
    """Says what a planner does and how many runs it has made."""

    def __init__(self, progress: Any, heading: str) -> None:
        self._progress = progress
        self._heading = heading
        self._words = "first runs"
        self._runs = 0

    def say(self, words: str) -> None:
        """Take up another thing."""
        self._words = words
        self._progress.step(self._text)

    def head(self, heading: str) -> None:
        """Begin with another plan."""
        self._heading = heading

    def count(self, runs: int) -> None:
        """Say how many runs there were."""
        self._runs = runs
        self._progress.stage(self._text)

    @property
    def _text(self) -> str:
        return f"{self._heading}: {self._words} ({self._runs} runs)"


def plan_into(
    case: "Case",
    request: "Request",
    output: Path,
    *,
    positions: Path | None = None,
    sensitivity: bool = False,
    workers: int | None,
    quiet: bool,
) -> tuple["Plan", list[str]]:
    """Plan, and store the plan as a case, its sheet, its answer and its picture.

    Parameters
    ----------
    case : Case
        Whose tumour.
    request : Request
        What is asked.
    output : Path
        Where the plan goes (.toml).
    positions : Path, optional
        A table of where the fibres are already.
    sensitivity : bool
        Whether to say what the outcome hangs on.
    workers : int, optional
        Processes.
    quiet : bool
        Show no progress.

    Returns
    -------
    Plan, list of str
        The plan, and what else there is to say: about what it hangs on, and pictures.
    """
    from ablsim.planning import make_plan, render_plan, summarise
    from ablsim.planning.subject import make_subject
    from ablsim.planning.wish import knowing_positions

    subject = make_subject(case)
    tips = None
    if positions is not None:
        from ablsim.planning.as_placed import read_positions

        tips = read_positions(positions)
        request = knowing_positions(request)
    with evaluating(runs_folder(output), workers=workers, quiet=quiet, heading="planning") as (
        evaluator,
        teller,
    ):
        plan = make_plan(subject, request, evaluator, teller.say, tips=tips)
        answer, remarks = summarise(plan), []
        if sensitivity:
            remarks += _find_sensitivity(plan, evaluator, teller, output, answer)
        teller.say("writing")
        remarks += draw_plan_beside(plan, output)
        _write(output.with_suffix(".json"), json.dumps(answer, indent=1) + "\n")
        _write(output.with_suffix(".txt"), render_plan(plan) + "\n")
        _write(output, plan.to_toml())
    return plan, remarks


def _find_sensitivity(
    plan: "Plan", evaluator: "Evaluator", teller: Teller, output: Path, answer: dict[str, Any]
) -> list[str]:
    """Find what a plan hangs on, draw it and add it to the answer."""
    from ablsim.planning.sensitivity import (
        analyse_sensitivity,
        describe_sensitivity,
        summarise_sensitivity,
    )
    from ablsim.view.sensitivity import draw_sensitivity

    teller.say("what it hangs on")
    found = analyse_sensitivity(
        plan.subject,
        plan.request,
        plan.prescription,
        evaluator,
        plan.found.best.outcome.spacing,
        seed=plan.request.seed,
        say=teller.say,
    )
    answer["sensitivity"] = summarise_sensitivity(found)
    picture = output.with_suffix(".sensitivity.png")
    try:
        draw_sensitivity(found, picture)
    except ResultError as error:
        return [describe_sensitivity(found), f"no picture of it could be made: {error}"]
    return [describe_sensitivity(found), f"Hangs on {picture}"]


def table_into(
    folder: Path,
    wish: "Wish",
    *,
    diameters: Sequence[str],
    tumours: Sequence[tuple[str, str]] | None,
    workers: int | None,
    quiet: bool,
) -> tuple[dict[str, Any], str]:
    """Plan for every size and tumour, plan by plan; return the table and its text.

    Each plan is kept in the folder as soon as it is there, and found there again.
    """
    from ablsim.planning import make_plan, render_plan, summarise
    from ablsim.planning.evaluation import code_of_evaluations
    from ablsim.planning.size_table import (
        DIAMETERS,
        TUMOURS,
        Entry,
        every_entry,
        render_table,
        summarise_table,
        write_csv,
    )
    from ablsim.planning.subject import describe_subject, make_subject
    from ablsim.planning.wish import make_request, parse_diameters
    from ablsim.view.size_table import draw_size_table

    sizes = parse_diameters(diameters) or DIAMETERS
    which = tumours or TUMOURS
    try:
        (folder / "plans").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"output {folder}: cannot be written ({error.strerror or error}); choose another"
        raise CaseError(msg) from None
    entries: list[Entry] = []
    with evaluating(folder, workers=workers, quiet=quiet, heading="size table") as (
        evaluator,
        teller,
    ):

        def make(tissue: str, perfusion: str, diameter: float) -> dict[str, Any]:
            name = f"{1e3 * diameter:g}mm-{tissue}-{perfusion}"
            teller.head(name)
            case = describe_subject(
                diameter=f"{1e3 * diameter:.10g} mm",
                tissue=tissue,
                perfusion=perfusion,
                margin="0 mm",
                background="liver",
            )
            request = make_request(case, wish)
            place = folder / "plans" / f"{name}.json"
            stamp = f"{code_of_evaluations()} {request!r}"
            kept = _read_kept(place, stamp)
            if kept is not None:
                return kept
            plan = make_plan(make_subject(case), request, evaluator, teller.say)
            answer = summarise(plan)
            _write(place.with_suffix(".toml"), plan.to_toml())
            _write(place.with_suffix(".txt"), render_plan(plan) + "\n")
            draw_plan_beside(plan, place.with_suffix(".toml"))
            _write(place, json.dumps({"stamp": stamp, "answer": answer}, indent=1) + "\n")
            return answer

        for entry in every_entry(which, sizes, make):
            entries.append(entry)
            _write(folder / "table.csv", write_csv(entries))
        text = render_table(entries)
        _write(folder / "table.txt", text + "\n")
        draw_size_table(entries, folder / "table.png")
    return summarise_table(entries), text


def _read_kept(path: Path, stamp: str) -> dict[str, Any] | None:
    """Return a kept answer to the same demand by the same code; None if there is none."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        answer: dict[str, Any] = kept["answer"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return answer if kept.get("stamp") == stamp else None


def draw_plan_beside(plan: "Plan", output: Path) -> list[str]:
    """Draw a plan; return a remark where that is not possible."""
    from ablsim.view.plan import draw_plan

    picture = output.with_suffix(".png")
    try:
        draw_plan(plan, picture)
    except ResultError as error:  # the numbers are safe
        return [f"no picture could be made: {error}"]
    return []


def _write(path: Path, text: str) -> None:
    from ablsim.cohort.store import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); make room and run it again"
        raise UnfinishedError(msg) from None
