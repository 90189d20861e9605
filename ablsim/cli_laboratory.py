"""The commands for many runs or for runs again: what-if, repetition, published lesions, cohorts.

As in :mod:`ablsim.cli`, everything heavy is imported inside the command that needs it.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Several = Parameter(consume_multiple=True, negative="")
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]

DIFFERENT = 1
"""Exit status of a repetition that came out differently."""


def explain(
    case: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Json = False,
    spacing: str | None = None,
    reported: float = 1.0,
    misplaced: int = 4,
    seed: int = 1,
) -> None:
    """Say what keeps a treatment from ablating the whole tumour, taking limit after limit away.

    Parameters
    ----------
    case
        The case file (TOML), with a tumour.
    output
        Where the picture goes; by default the case's name with .explained.png.
    json_
        Print one JSON object and nothing else.
    spacing
        Edge length of a cell, such as "2 mm"; by default the case's own.
    reported
        An ablated share that somebody reports, from 0 to 1: what would have to be so for it?
    misplaced
        How many times the fibres are placed with errors as under ultrasound, to say what perfect
        placement would add; each is one more run. 0 leaves it out.
    seed
        Of these errors.
    """
    from ablsim.case import Case
    from ablsim.running import explain_case

    question = Case.from_toml(case)
    picture = output if output is not None else case.with_suffix(".explained.png")
    summary, remark = explain_case(
        question, picture, spacing, reported, misplaced=misplaced, seed=seed, quiet=json_
    )
    if json_:
        print(json.dumps(summary, indent=2))
        return
    from ablsim.explanation.report import render

    print(render(summary))
    print(f"\nPicture  {picture}")
    if remark:
        print(f"Note     {remark}")


def reproduce(result: Path, /, *, json_: Json = False) -> None:
    """Run the case of a stored result again and compare bit by bit; exit status 1 if it differs.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    json_
        Print what came of it as one JSON object and nothing else.
    """
    from ablsim.running import run_again

    found = run_again(result, quiet=json_)
    from ablsim.reproduction import describe, summarise

    print(json.dumps(summarise(found), indent=2) if json_ else describe(found, result.name))
    if not found.is_same:
        sys.exit(DIFFERENT)


def compare(
    result: Path,
    mask: Path,
    /,
    *,
    label: int | None = None,
    tumour: Path | None = None,
    tumour_label: int | None = None,
    zone: Literal["stasis", "whitening", "death"] | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Json = False,
) -> None:
    """Compare the zone of a stored result with one that was marked in an image of the patient.

    Overlap, distances of the surfaces and margins, as placed and after the best rigid motion.

    Parameters
    ----------
    result
        A result (.vtkhdf) whose case is in the coordinates of the image (LPS).
    mask
        The zone that was seen: NIfTI, NRRD, MetaImage.
    label
        Which label of it, where it has several.
    tumour
        The tumour as it was marked before; left out, that of the case.
    tumour_label
        Which label of that.
    zone
        stasis, whitening or death; left out, the zone that the case reports.
    output
        Where the picture goes; by default the mask's name with .compared.png.
    json_
        Print one JSON object and nothing else.
    """
    from ablsim.agreement import compare_zones, describe, summarise
    from ablsim.errors import CaseError
    from ablsim.imaging import read_mask
    from ablsim.storage import load

    if tumour is None and tumour_label is not None:
        msg = f"--tumour-label {tumour_label}: says which label of --tumour is meant; give that too"
        raise CaseError(msg)
    observed = read_mask(mask, label)
    body = None if tumour is None else read_mask(tumour, tumour_label)
    stored = load(result)
    found = compare_zones(stored, observed, tumour=body, zone=zone)
    name = mask.name.split(".")[0]
    picture = output if output is not None else mask.with_name(f"{name}.compared.png")
    from ablsim.view.agreement import draw_agreement

    draw_agreement(found, picture, title=stored.case.title)
    print(json.dumps(summarise(found), indent=2) if json_ else describe(found))
    if not json_:
        print(f"\nPicture  {picture}")


def validate(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("validation"),
    json_: Json = False,
    only: Annotated[list[str] | None, Several] = None,
    set_: Annotated[list[str] | None, Parameter(name="--set"), Several] = None,
    spacing: str = "1 mm",
    no_band: Flag = False,
    workers: int | None = None,
    cohorts: Flag = False,
    html: Path | None = None,
) -> None:
    """Predict published lesions with one set of defaults, and say how far off each is.

    Parameters
    ----------
    output
        Folder for report (validation.md), picture (.png), table (.csv) and finished runs, which a
        second call finds again.
    json_
        Print the table as one JSON object and nothing else.
    only
        These rows alone, by name.
    set_
        Change a key of every case alike: --set "physics.stasis=cem43_60". Said in the report.
    spacing
        Edge length of a cell.
    no_band
        Leave out how sure each prediction is, which is most of the work.
    workers
        How many processes compute; by default as many as there are processors.
    cohorts
        Also published rates of complete ablation, by virtual cohorts; half an hour more.
    html
        Also write text and pictures as one page for a browser.
    """
    from ablsim.validating import check_options, validate_into

    options = check_options(
        only=only, changes=set_, spacing=spacing, workers=workers, cohorts=cohorts
    )
    text, summary = validate_into(output, options, with_band=not no_band, quiet=json_)
    if html is not None:
        from ablsim.report.text_page import write_text_page
        from ablsim.validating import OUTCOMES, REPORT

        pictures = [
            (output / f"{REPORT}.png", "Predicted beside measured lesions"),
            (output / f"{OUTCOMES}.png", "Predicted beside published rates"),
        ]
        page = f"Validation\n\n{text}"
        write_text_page(html, page, heading="Table", pictures=pictures, source=str(output))
    print(json.dumps(summary, indent=2, allow_nan=False) if json_ else text)


def calibrate(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("calibration"),
    rows: Annotated[list[str] | None, Several] = None,
    without: Annotated[list[str] | None, Several] = None,
    runs: int = 64,
    seed: int = 1,
    workers: int | None = None,
    posterior: Path | None = None,
    json_: Json = False,
) -> None:
    """Infer from published lesions what their model's parameters may be, and how well they predict.

    Takes hours of one core the first time; interrupted, the same command goes on. Defaults of cases
    do not change, only what bands draw from.

    Parameters
    ----------
    output
        The folder for finished runs, the record (calibration.json) and its picture.
    rows
        Only these published rows.
    without
        All but these.
    runs
        Designed runs of each row, on cells of 2 mm.
    seed
        Of the design and of all random numbers.
    workers
        Processes at the same time; by default one for each core.
    posterior
        Also write the joint draws that bands can use to this file.
    json_
        Print the record as one JSON object and nothing else.
    """
    from ablsim.calibrating import PICTURE, RECORD, check_request, run_calibration

    check_request(runs=runs, seed=seed, workers=workers, posterior=posterior)
    record = run_calibration(
        output,
        rows=rows,
        without=without or (),
        runs=runs,
        seed=seed,
        workers=workers,
        posterior=posterior,
        quiet=json_,
    )
    if json_:
        print(json.dumps(record, indent=2))
        return
    from ablsim.calibration.text import render_calibration

    print(render_calibration(record))
    print(f"\nRecord   {output / RECORD}\nPicture  {output / PICTURE}")
    if posterior is not None:
        print(f"Draws    {posterior}")


def cohort(
    study: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Json = False,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: str | None = None,
    html: Path | None = None,
) -> None:
    """Simulate many lesions under a policy and compare them with what was observed.

    Results are kept as they come; run the same command again to go on with a study that was
    stopped. What is there is never computed twice.

    Parameters
    ----------
    study
        The study file (TOML).
    output
        The folder for everything that comes of it; by default the study's name with .cohort.
    json_
        Print the summary as one JSON object and nothing else.
    workers
        How many processes compute, each with one thread; by default one for each core. 0 computes
        one case after the other without Dask.
    scheduler
        Address of a Dask scheduler, such as tcp://10.0.0.1:8786, whose workers compute instead.
    shard
        Compute one part of the cases only, such as 2/4, for jobs side by side into one folder.
    html
        Also write text and picture as one page for a browser.
    """
    from time import perf_counter

    from ablsim.cohort.study import Study
    from ablsim.cohorting import conduct, describe_missing

    began = perf_counter()
    folder = output if output is not None else study.with_suffix(".cohort")
    summary, remark = conduct(
        Study.from_toml(study),
        folder,
        workers=workers,
        scheduler=scheduler,
        shard=shard,
        quiet=json_,
    )
    if html is not None and not summary["missing"]:
        from ablsim.cohort.summary_text import render_cohort
        from ablsim.report.text_page import write_text_page

        write_text_page(
            html,
            render_cohort(summary, str(folder)),
            heading="Study",
            pictures=[(folder / "cohort.png", "Predicted beside observed, by diameter")],
            source=study.name,
        )
    if json_:
        print(json.dumps({**summary, "wall_s": perf_counter() - began}, indent=2))
        return
    if summary["missing"]:
        print(describe_missing(summary, folder), file=sys.stderr)
        return
    from ablsim.cohort.summary_text import render_cohort

    print(render_cohort(summary, str(folder)))
    print(f"\nSummary  {folder / 'summary.json'}\nLesions  {folder / 'lesions.csv'}")
    print(f"Note     {remark}" if remark else f"Picture  {folder / 'cohort.png'}")


def bench(
    what: Literal["light", "heat", "case"],
    case: Path | None = None,
    /,
    *,
    repeats: int = 3,
    peer: Path | None = None,
    smoke: Flag = False,
    json_: Json = False,
) -> None:
    """Time light, heat, or a whole case on this machine, beside peers where they are installed.

    Parameters
    ----------
    what
        light: photons beside those of MCX; heat: steps beside numpy, JAX, PyTorch and Devito,
        and what the active region and long steps are worth; case: a whole run and where its time
        goes, or without a case file how cost grows with cells and fibres, and small cases by the
        hour.
    case
        The case file (TOML) to run.
    repeats
        How often all is repeated; medians are printed.
    peer
        A Python that has the peers; by default this one, with the extra "bench".
    smoke
        A minute's worth, to see that it works.
    json_
        Print one JSON object and nothing else.
    """
    import subprocess

    from ablsim.errors import CaseError

    if repeats < 1:
        msg = f"--repeats {repeats}: allowed are whole numbers from 1 on; write for example 3"
        raise CaseError(msg)
    if what != "case" and case is not None:
        msg = f"{case}: {what} is timed in tissue of its own; leave the case out"
        raise CaseError(msg)
    if what == "case" and peer is not None:
        msg = f"--peer {peer}: only light and heat are timed beside peers; leave it out"
        raise CaseError(msg)
    options = []
    if case is not None:
        from ablsim.case import Case

        Case.from_toml(case)  # refused here, in a sentence
        options.append(str(case))
    options += ["--repeats", str(repeats)]
    options += ["--peer", str(peer)] if peer is not None else []
    options += [name for name, on in (("--smoke", smoke), ("--json", json_)) if on]
    # a process of its own, whose threads are as the benchmark wants them
    done = subprocess.run([sys.executable, "-m", f"ablsim.benchmarks.bench_{what}", *options])
    sys.exit(done.returncode)


COMMANDS = (explain, reproduce, compare, validate, calibrate, cohort, bench)
"""All of them, in the order in which help lists them."""
