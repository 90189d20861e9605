"""How accurate cells make a run: what ``ablsim run`` does with ``--certify`` and with "auto"."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablsim.errors import CaseError
from ablsim.running import find_checkpoint, simulate_into

if TYPE_CHECKING:
    from ablsim.case import Case
    from ablsim.refinement import Refinement
    from ablsim.result import Result
    from ablsim.zone import Zones


def add_certificate(
    result: "Result", path: Path, summary: dict[str, Any], *, quiet: bool
) -> dict[str, Any]:
    """Run a stored result's case on coarser cells and store what they say; return the summary."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.certificate import certify
        from ablsim.zone import measure_zones

        def follow(number: int, total: int) -> None:
            progress.count("coarser cells", number, total)

        def check(time: float, duration: float) -> None:
            interruption.check(
                f"the result {path} is complete, but not certified; --resume --certify does that"
            )

        found = certify(result.case, measure_zones(result), on_run=follow, on_progress=check)
        return _store(path, summary, found.summarise())


def refine_into(
    question: "Case", path: Path, *, resume: bool, quiet: bool
) -> tuple["Result", dict[str, Any]]:
    """Simulate on ever finer cells until the zone is as accurate as asked for; store the last.

    From the third run on each is stored, in place of the one before: what has its final name is
    always complete, and says how accurate it is.
    """
    from ablsim.refinement import Refinement

    refinement = Refinement(question)
    if resume:
        begin = _edge_of_checkpoint(question, path)
    else:
        begin = None
        find_checkpoint(question, path, resume=False, force=False)  # says so if there is one
    found: tuple[Result, dict[str, Any]] | None = None
    while not refinement.is_done:
        case = refinement.next_case()
        if case is None:
            break
        if refinement.is_coarse or (begin is not None and case.numerics.edge > begin):
            refinement.add(case, _try(case, quiet=quiet))
            continue
        is_next = begin is not None and case.numerics.edge == begin
        checkpoint = find_checkpoint(case, path, resume=True, force=False) if is_next else None
        if not quiet:
            print(f"on cells of {1e3 * case.numerics.edge:g} mm", file=sys.stderr)
        result, zones, summary = simulate_into(case, path, checkpoint, quiet=quiet)
        refinement.add(case, zones)
        found = result, _store(path, summary, refinement.summarise())
        if not quiet:
            _tell(refinement)
    if found is None:
        raise CaseError(refinement.stopped)
    if refinement.stopped:
        print(f"finer cells were not tried: {refinement.stopped}", file=sys.stderr)
    return found


def is_settled(question: "Case", path: Path) -> bool:
    """Say whether a stored result is that of a case with "auto", on cells that are fine enough."""
    from ablsim.certificate import on_cells
    from ablsim.storage import load, load_summary

    if not path.is_file():
        return False
    case = load(path).case
    if case.numerics.spacing is None or case != on_cells(question, case.numerics.spacing):
        msg = (
            f"--resume: {path} is the result of another case; choose another name with -o, or "
            "replace it with --force in place of --resume"
        )
        raise CaseError(msg)
    error = load_summary(path)["error"]["grid"]
    return error is not None and bool(error.get("is_met"))


def _edge_of_checkpoint(question: "Case", path: Path) -> float | None:
    """Return the edge of the cells of an unfinished run [m]; None where there is none."""
    from ablsim.certificate import on_cells
    from ablsim.storage import checkpoint_path, load_checkpoint

    checkpoint = load_checkpoint(path)
    if checkpoint is None:
        print(f"there is no {checkpoint_path(path)}; starting from the beginning", file=sys.stderr)
        return None
    edge = checkpoint.case.numerics.edge
    if checkpoint.case != on_cells(question, edge):
        msg = (
            f"--resume: {checkpoint_path(path)} is the checkpoint of another case "
            f"({checkpoint.case.title}); resume with that case, or remove the file to start from "
            "the beginning"
        )
        raise CaseError(msg)
    return edge


def _try(case: "Case", *, quiet: bool) -> "Zones":
    """Run a case on cells that only serve to judge finer ones."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.simulation import simulate
        from ablsim.zone import measure_zones

        progress.step(f"trying cells of {1e3 * case.numerics.edge:g} mm")

        def check(time: float, duration: float) -> None:
            interruption.check("nothing was written")

        return measure_zones(simulate(case, on_progress=check))


def _store(path: Path, summary: dict[str, Any], grid: dict[str, Any]) -> dict[str, Any]:
    from ablsim.storage import replace_summary

    summary = {**summary, "error": {**summary["error"], "grid": grid}}
    replace_summary(path, summary)
    return summary


def _tell(refinement: "Refinement") -> None:
    """Say how accurate the last run was, and what comes next."""
    found = refinement.summarise()
    text = (
        f"the volume of the zone is right to {100.0 * found['reached']:.2g} %; asked for are "
        f"{100.0 * found['asked']:g} %"
    )
    if not found["is_met"] and refinement.is_done:
        text += "; these are the finest cells that are tried"
    print(text, file=sys.stderr)
