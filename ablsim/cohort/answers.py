"""What one draw of one lesion comes to, once the error of the model itself is put on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablsim.cohort.lesions import Lesion
from ablsim.cohort.outcome import Stage

_RADIUS = (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)  # of a sphere of volume 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a treatment did to a lesion in one draw.

    Parameters
    ----------
    fraction : float
        Ablated share of the tumour.
    is_complete : bool
        Whether that counts as complete.
    volume : float
        Of the ablation zone [m^3].
    margin_min : float
        Smallest margin [m].
    energy : float
        Fired [J].
    illuminations, placements, sessions : int
        What was done.
    """

    fraction: float
    is_complete: bool
    volume: float
    margin_min: float
    energy: float
    illuminations: int
    placements: int
    sessions: int


@dataclass(frozen=True, slots=True)
class LesionAnswers:
    """What one policy did to one lesion, draw by draw; None where a draw has no result."""

    lesion: Lesion
    policy: str
    answers: tuple[Answer | None, ...]

    @property
    def known(self) -> list[Answer]:
        """The draws that have a result."""
        return [answer for answer in self.answers if answer is not None]


def find_answer(
    stages: Sequence[Stage], error: float, complete_from: float, *, until_complete: bool = False
) -> Answer:
    """Return what a treatment did.

    Parameters
    ----------
    stages : sequence of Stage
        What it had done after each session.
    error : float
        Error of ln(diameter of the zone) that the model itself makes. It moves the surface of the
        zone evenly, by so much of its equivalent radius.
    complete_from : float
        Share of the tumour from which on an ablation counts as complete.
    until_complete : bool
        Whether the treatment ends with the first session after which it is complete.
    """
    answers = [_after(stage, error, complete_from) for stage in stages]
    if until_complete:
        return next((answer for answer in answers if answer.is_complete), answers[-1])
    return answers[-1]


def _after(stage: Stage, error: float, complete_from: float) -> Answer:
    shift = math.expm1(error) * _RADIUS * math.cbrt(stage.volume)
    fraction = stage.fraction
    if shift != 0.0:
        offset = stage.curve.offset(stage.fraction, stage.margin_min)
        fraction = float(stage.curve.share(np.asarray(offset + shift)))
    return Answer(
        fraction=fraction,
        is_complete=fraction >= complete_from,
        volume=stage.volume * math.exp(3.0 * error),
        margin_min=stage.margin_min + shift,
        energy=stage.energy,
        illuminations=stage.illuminations,
        placements=stage.placements,
        sessions=stage.sessions,
    )
