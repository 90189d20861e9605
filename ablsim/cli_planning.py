"""The command that prescribes.

As in :mod:`ablsim.cli`, everything heavy is imported inside the command.
"""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Several = Parameter(consume_multiple=True, negative="")
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]


def plan(
    case: Path | None = None,
    /,
    *,
    diameter: str | None = None,
    tissue: str | None = None,
    perfusion: str | None = None,
    margin: str | None = None,
    probability: float = 0.9,
    max_fibres: int = 4,
    spacings: str | None = None,
    energies: str | None = None,
    powers: str | None = None,
    pull_backs: str | None = None,
    max_illuminations: int = 6,
    direction: Annotated[list[str] | None, Several] = None,
    firing: str = "together",
    sessions: int | None = None,
    placements: int = 100,
    session_energy: str | None = None,
    session_time: str | None = None,
    session_insertions: int | None = None,
    weights: str | None = None,
    placement_error: str | None = None,
    draws: int = 0,
    seed: int = 1,
    cells: str | None = None,
    as_placed: Path | None = None,
    sensitivity: Flag = False,
    table: Flag = False,
    diameters: Annotated[list[str] | None, Several] = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Json = False,
    html: Path | None = None,
    force: Flag = False,
    workers: int | None = None,
) -> None:
    """Prescribe fibres, spacing, energy, pull-backs and sessions, with their probability.

    Candidates are run on the full physics, coarse cells first; every run is kept beside the plan,
    and the same command goes on with them. Leaves the plan as a case that can be run, its sheet
    (.txt), its answer (.json) and its picture (.png). A demand that cannot be met is answered with
    the nearest plan and what would have to give.

    Parameters
    ----------
    case
        A case with the tumour, vessels and organs; its own fibres only say which kind is used and
        where needles come from. Or give --diameter.
    diameter
        Of a sphere in plain liver, such as "35 mm", in place of a case; or the diameters of an
        ellipsoid as a report has them, "35 x 28 x 22 mm" (right to left, front to back, feet to
        head; of two the shorter one counts twice).
    tissue
        net_metastasis, colorectal_metastasis or another tissue of the library.
    perfusion
        normal, hypovascular or embolised: of the tumour.
    margin
        To be ablated around the tumour, such as "5 mm".
    probability
        With which the ablation is to be complete.
    max_fibres
        At a time, 1 to 4.
    spacings
        Sides of the pattern: "15 mm, 18 mm" for the holes of a needle guide, or "10 mm to 20 mm".
    energies
        Of each fibre and illumination: "1200 J, 1800 J", or "600 J to 1800 J".
    powers
        Of each fibre: "5 W", or "3 W to 7 W".
    pull_backs
        Between two illuminations: "10 mm, 12 mm", or "8 mm to 14 mm".
    max_illuminations
        Of a placement.
    direction
        From the hand to the tips, such as "0, 0, -1"; several to choose from.
    firing
        Fibres of a placement fire "together", "one by one", or "any".
    sessions
        Most visits; left out, each placement is one.
    placements
        Most insertions of the fibres in all.
    session_energy
        Most that is fired in a session, such as "10 kJ".
    session_time
        Most laser time of a session, such as "30 min".
    session_insertions
        Most fibres inserted in a session.
    weights
        What makes a plan a burden, in minutes: "session=30, insertion=5, illumination=1, minute=1,
        kilojoule=0.5, healthy=0.5".
    placement_error
        How well fibres are placed: guide (default), freehand, navigated or none.
    draws
        Draws of everything that is not known; 0 for as many as the size of the plan allows.
    seed
        Of all random numbers.
    cells
        That plans are laid out and checked on: "2 mm" for a quick look; by default 1 mm, and for
        tumours above 56 mm checked on 2 mm.
    as_placed
        A table of where the fibres really are (CSV with x_mm, y_mm, z_mm): only energy, power and
        pull-backs are planned.
    sensitivity
        Also say what the outcome hangs on: Morris and Sobol indices; some hundred runs more.
    table
        Plan for all sizes from 1 to 12 cm, two tumours, normal and embolised, in place of one.
    diameters
        Sizes of the table, such as "10 mm, 20 mm".
    output
        Where the plan goes (.toml); by default the case's name with .plan.toml, or plan.toml. For
        a table, its folder.
    json_
        Print the answer as one JSON object and nothing else.
    html
        Also write the sheet with its pictures as one page for a browser.
    force
        Replace an existing plan; runs are used again all the same.
    workers
        Processes that compute, each with one thread; by default one for each core.
    """
    from ablsim.planning.wish import Wish, find_subject, make_request
    from ablsim.prescribing import check_paths, plan_into, table_into

    wish = Wish(
        probability=probability,
        max_fibres=max_fibres,
        spacings=spacings,
        energies=energies,
        powers=powers,
        pull_backs=pull_backs,
        max_illuminations=max_illuminations,
        directions=tuple(direction or ()),
        firing=firing,
        sessions=sessions,
        placements=placements,
        session_energy=session_energy,
        session_time=session_time,
        session_insertions=session_insertions,
        weights=weights,
        placement_error=placement_error,
        draws=draws,
        seed=seed,
        cells=cells,
    )
    if table:
        _refuse_with_table(case, diameter, as_placed, sensitivity)
        folder = output or Path("size-table")
        found, text = table_into(
            folder,
            wish,
            diameters=diameters or (),
            tumours=_tumours(tissue, perfusion),
            workers=workers,
            quiet=json_,
        )
        if html is not None:
            _write_page(html, f"Plans by size\n\n{text}", folder / "table.png", str(folder))
        print(json.dumps(found, indent=2) if json_ else f"{text}\n\nTable    {folder}")
        return
    subject = find_subject(
        case, diameter=diameter, tissue=tissue, perfusion=perfusion, margin=margin
    )
    request = make_request(subject, wish)
    target = output or (Path("plan.toml") if case is None else case.with_suffix(".plan.toml"))
    check_paths(target, force=force)
    answer, remarks = plan_into(
        subject,
        request,
        target,
        positions=as_placed,
        sensitivity=sensitivity,
        workers=workers,
        quiet=json_,
    )
    if html is not None:
        sheet = target.with_suffix(".txt").read_text(encoding="utf-8")
        _write_page(html, sheet, target.with_suffix(".png"), target.name)
    if json_:
        print(target.with_suffix(".json").read_text(encoding="utf-8"), end="")
        return
    from ablsim.planning import render_plan

    print(render_plan(answer))
    print("\n".join(["", *remarks, f"Plan     {target}", f"Picture  {target.with_suffix('.png')}"]))


def _write_page(html: Path, sheet: str, picture: Path, source: str) -> None:
    """Write a plan sheet or a table of plans with its pictures as a page."""
    from ablsim.report.text_page import write_text_page

    hangs_on = picture.with_suffix(".sensitivity.png")
    pictures = [(picture, "The plan"), (hangs_on, "What the outcome hangs on")]
    write_text_page(html, sheet, heading="Plan", pictures=pictures, source=source)


def _refuse_with_table(
    case: Path | None, diameter: str | None, as_placed: Path | None, sensitivity: bool
) -> None:
    """Refuse what makes no sense for a table of sizes."""
    from ablsim.errors import CaseError

    given = {
        "a case file": case,
        "--diameter": diameter,
        "--as-placed": as_placed,
        "--sensitivity": sensitivity or None,
    }
    for name, value in given.items():
        if value is not None:
            msg = f"--table: plans for many spheres and takes no {name}; leave one of the two out"
            raise CaseError(msg)


def _tumours(tissue: str | None, perfusion: str | None) -> list[tuple[str, str]] | None:
    """Return the tumours of a table: those that were asked for, or None for all."""
    from ablsim.planning.size_table import TUMOURS

    chosen = [
        (name, flow)
        for name, flow in TUMOURS
        if tissue in {None, name} and perfusion in {None, flow}
    ]
    if chosen:
        return chosen
    return [(tissue or TUMOURS[0][0], perfusion or "normal")]


COMMANDS = (plan,)
"""All of them."""
