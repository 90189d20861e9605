"""What ``ablsim calibrate`` does around the calibration: checks, progress, the files it leaves."""

import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ablsim.errors import CaseError, UnfinishedError

RECORD, PICTURE = "calibration.json", "calibration.png"
"""Files of a calibration in its folder."""


def check_request(*, runs: int, seed: int, workers: int | None, posterior: Path | None) -> None:
    """Refuse what could not be done, before anything is computed."""
    missing = [name for name in ("emcee", "sklearn") if find_spec(name) is None]
    if missing:
        msg = f"calibrate needs {' and '.join(missing)}: pip install 'ablsim[study]'"
        raise UnfinishedError(msg)
    if not 16 <= runs <= 4096:
        msg = f"--runs {runs}: a surrogate needs 16 to 4096 designed runs of each row"
        raise CaseError(msg)
    if not 0 <= seed < 2**31:
        msg = f"--seed {seed}: a seed is a whole number from 0 to 2147483647"
        raise CaseError(msg)
    if workers is not None and not 1 <= workers <= 256:
        msg = f"--workers {workers}: give 1 to 256 processes, one for each core that is free"
        raise CaseError(msg)
    if posterior is not None and not posterior.parent.is_dir():
        msg = f"--posterior {posterior}: there is no folder {posterior.parent}; create it first"
        raise CaseError(msg)


def run_calibration(
    folder: Path,
    *,
    rows: Sequence[str] | None,
    without: Sequence[str],
    runs: int,
    seed: int,
    workers: int | None,
    posterior: Path | None,
    quiet: bool,
) -> dict[str, Any]:
    """Calibrate, store the record and its picture in a folder, and return the record."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.calibration import calibrate, describe_calibration, to_posterior
        from ablsim.uncertainty.posterior import write_posterior
        from ablsim.validation.kept import write_text
        from ablsim.view.calibration import draw_calibration

        kept = f"finished runs are kept in {folder / 'runs'}; the same command goes on with them"
        found = calibrate(
            rows,
            without=without,
            folder=folder,
            runs=runs,
            seed=seed,
            workers=workers or os.cpu_count() or 1,
            on_run=progress.runs,
            on_stage=progress.step,
            check=lambda: interruption.check(kept),
        )
        record = describe_calibration(found)
        write_text(folder / RECORD, json.dumps(record, indent=1) + "\n")
        progress.step("drawing")
        draw_calibration(found, folder / PICTURE)
        if posterior is not None:
            write_posterior(to_posterior(found), posterior)
    return record
