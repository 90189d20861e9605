"""The report of a result: scene, slices, tables, sources and limits on one page."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ablsim import storage
from ablsim.bibliography import cite, list_numbers
from ablsim.report import stills, tables
from ablsim.report.limits import LIMITS
from ablsim.report.page import Block, Page, Scene, Section, Text, write_page
from ablsim.result import Result
from ablsim.summary import summarise
from ablsim.summary_text import CONFIDENCE, residual_sentence, verdict
from ablsim.view import gl
from ablsim.view.course import Course, follow
from ablsim.view.pictures import headline
from ablsim.view.subject import make_subject
from ablsim.view.viewpoint import choose_camera, choose_plane
from ablsim.zone import Zones, measure_zones

ASPECT = 1.6
"""Width by height of what the scene has to hold."""


def write_report(result_path: str | Path, html_path: str | Path) -> str:
    """Write the report of a stored result as one HTML file.

    Parameters
    ----------
    result_path : str or Path
        A result written by `ablsim.storage`.
    html_path : str or Path
        Where the page goes; an existing file is replaced.

    Returns
    -------
    str
        What the user should know, for example which package is missing; empty if nothing.

    Raises
    ------
    ResultError
        If the result cannot be read or the page cannot be written.
    """
    result = storage.load(result_path)
    course = follow(result, storage.snapshots(result_path))
    zones = measure_zones(result)
    summary = storage.load_summary(result_path) or summarise(result, zones)
    scene, remark = _scene(result, course, zones)
    page = Page(
        title=result.case.title,
        lead=(verdict(summary), headline(result, summary)),
        sections=(
            Section("Scene", scene),
            Section("Slices", [stills.slices_picture(result, course)]),
            Section("Zones and tumour", _outcome(result, summary, zones)),
            Section("Organs and probes", _neighbours(summary)),
            Section("Course", [stills.curves_picture(result, course)]),
            Section("Energy", [tables.energy_table(result)]),
            Section("Plan", _plan(result)),
            Section("How sure", _confidence(summary)),
            Section("How it was computed", _computing(result, summary)),
            Section("What the model leaves out", [Text(LIMITS, listed=True)]),
            Section("Sources", _sources(result)),
        ),
        source=Path(result_path).name,
    )
    write_page(page, html_path)
    return remark


def _scene(result: Result, course: Course, zones: Zones) -> tuple[list[Block], str]:
    """Return the scene that can be turned, or the picture alone where that cannot be made.

    The browser draws it: only the picture needs OpenGL here.
    """
    still, remark = stills.scene_picture(result, course)
    gl.use_display(gl.find_display())
    from ablsim.report.viewer import REMEDY, write_viewer

    if find_spec("trame_vtk") is None:
        return [still], REMEDY
    from ablsim.report.layers import make_layers

    subject = make_subject(result, course.hottest)
    plane = choose_plane(subject)
    layers = make_layers(subject, plane, zones.tumour)
    points = np.concatenate([mesh.points for layer in layers for mesh, _ in layer.meshes])
    # with the names of fibres and of directions, which the picture has beside it
    camera = choose_camera(subject, plane, ASPECT).fit(1e-3 * points, ASPECT, room=1.0)
    return [Scene(write_viewer(layers, camera), still)], remark


def _outcome(result: Result, summary: Mapping[str, Any], zones: Zones) -> list[Block]:
    blocks: list[Block] = [tables.zones_table(summary)]
    tumour = summary["tumour"]
    if tumour is not None:
        blocks.append(tables.tumour_table(tumour, summary["error"]["band"]))
        if sentence := residual_sentence(tumour):
            blocks.append(Text([f"The residual tumour sits: {sentence}"]))
        if zones.tumour is not None:
            picture = stills.margin_picture(tumour, zones.tumour)
            blocks += [] if picture is None else [picture]
    histogram = stills.damage_picture(result)
    blocks += [] if histogram is None else [histogram]
    healthy = f"Healthy tissue ablated: {summary['healthy_ablated_ml']:.2f} mL."
    gone = f"Boiled {summary['boiled_ml']:.2f} mL, charred {summary['charred_ml']:.2f} mL."
    return [*blocks, Text([f"{healthy} {gone}"])]


def _neighbours(summary: Mapping[str, Any]) -> list[Block]:
    found = (tables.organs_table(summary), tables.probes_table(summary))
    return [table for table in found if table is not None]


def _plan(result: Result) -> list[Block]:
    steps = result.case.resolved()["protocol"]["steps"]
    done = [str(step) for step in steps]
    return [tables.fibres_table(result), Text(done, listed=True)]


def _confidence(summary: Mapping[str, Any]) -> list[Block]:
    band = summary["error"]["band"]
    if band is None:
        words = " ".join(CONFIDENCE.split()[2:])
        advice = "`ablsim run --resume --band` says how far each number may be off."
        return [Text([words[0].upper() + words[1:] + ".", advice])]
    return [tables.sensitivity_table(band)]


def _computing(result: Result, summary: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [tables.numerics_table(result, summary)]
    if result.notes:
        blocks.append(Text(result.notes, listed=True))
    return blocks


def _sources(result: Result) -> list[Block]:
    numbers = [str(use) for use in list_numbers(result.case)]
    return [
        Text(cite(result.case).splitlines()),
        Text(numbers, listed=True, folded="Numbers in use, and where they come from"),
    ]
