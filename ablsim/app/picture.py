"""From a result to what the planning page shows of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ablsim.app.answer import Answer, Moment, rows_of, verdict_of
from ablsim.report.layers import make_moment, make_still
from ablsim.result import Result, Snapshot
from ablsim.summary import summarise
from ablsim.view.subject import make_fronts, make_subject
from ablsim.view.viewpoint import choose_camera, choose_plane
from ablsim.zone import measure_zones

ASPECT = 1.0
"""Width by height of what a view has to hold."""

_LATTICE = 0.3  # of a cell, between two points of the temperature's colours


def send_answer(
    place: str,
    result: Result,
    states: Sequence[Snapshot],
    send: Callable[[object], None],
    check: Callable[[], None],
) -> None:
    """Send the answer that a result is, then its moments, latest first.

    Parameters
    ----------
    place : str
        Which layout it is.
    result : Result
        What was computed.
    states : sequence of Snapshot
        In the order of time; those of the first and the last moment are not shown apart.
    send : callable
        Takes an `Answer`, then one `Moment` after the other.
    check : callable
        Called between them; what it raises ends the work.
    """
    zones = measure_zones(result)
    check()
    summary = summarise(result, zones)
    subject = make_subject(result)
    plane = choose_plane(subject)
    plane = replace(plane, spacing=max(plane.spacing, _LATTICE * result.grid.spacing))
    before = states[1:-1]
    still = tuple(make_still(subject, zones.tumour))
    moving = tuple(make_moment(subject, plane))
    shown = [mesh.points for layer in (*still, *moving) for mesh, _ in layer.meshes]
    camera = choose_camera(subject, plane, ASPECT)
    answer = Answer(
        place=place,
        verdict=verdict_of(summary),
        rows=tuple(rows_of(summary, result.case.physics.reported_zone).items()),
        still=still,
        moving=moving,
        times=(*(state.time for state in before), states[-1].time),
        camera=camera.fit(1e-3 * np.concatenate(shown), ASPECT, room=1.02),
    )
    send(answer)
    for number, state in reversed(list(enumerate(before))):
        check()
        then = replace(make_subject(result, state), fronts=make_fronts(result, state.fields))
        send(Moment(place, number, tuple(make_moment(then, plane))))
