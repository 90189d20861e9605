"""What a treatment costs the patient and the room, as one number."""

from dataclasses import dataclass, fields

from ablsim.errors import CaseError
from ablsim.planning.prescription import Prescription
from ablsim.units import to_ml

MINUTE, KILOJOULE = 60.0, 1e3


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of the burden weighs, in minutes.

    The defaults are judgements, not measurements: a session costs half an hour of room and
    anaesthesia, an insertion five minutes and a puncture, healthy liver half a minute a millilitre.

    Parameters
    ----------
    session : float
        Of each visit [min].
    insertion : float
        Of each fibre that is inserted [min].
    illumination : float
        Of each delivery, with its pull-back [min].
    minute : float
        Of each minute of laser time [1].
    kilojoule : float
        Of each kilojoule fired [min/kJ]; complications rise with energy.
    healthy : float
        Of each millilitre of healthy tissue ablated [min/mL].
    """

    session: float = 30.0
    insertion: float = 5.0
    illumination: float = 1.0
    minute: float = 1.0
    kilojoule: float = 0.5
    healthy: float = 0.5

    @classmethod
    def parse(cls, text: str) -> "Weights":
        """Return the weights of a text such as ``"session=60, healthy=2"``; others stay."""
        known = [item.name for item in fields(cls)]
        given: dict[str, float] = {}
        for part in text.split(","):
            name, sign, number = (word.strip() for word in part.partition("="))
            try:
                value = float(number)
            except ValueError:
                value = float("nan")
            if name not in known or not sign or not 0.0 <= value < 1e6:
                msg = (
                    f'--weights "{part.strip()}": write a name and a number of minutes from 0 on, '
                    f'such as "session=60, healthy=2"; names are {", ".join(known)}'
                )
                raise CaseError(msg)
            given[name] = value
        return cls(**given)


def burden_of(plan: Prescription, healthy: float, weights: Weights) -> float:
    """Return the burden of a treatment [min].

    Parameters
    ----------
    plan : Prescription
        What is done.
    healthy : float
        Healthy tissue that it ablates [m^3].
    weights : Weights
        What its parts weigh.
    """
    return (
        weights.session * plan.sessions
        + weights.insertion * plan.insertions
        + weights.illumination * plan.illuminations
        + weights.minute * plan.laser_time / MINUTE
        + weights.kilojoule * plan.energy / KILOJOULE
        + weights.healthy * to_ml(healthy)
    )
