"""What whoever reads a plan must know before anything else."""

from dataclasses import dataclass

from ablsim.planning.evaluator import Tally
from ablsim.planning.judgement import Found
from ablsim.planning.subject import Subject

USUAL_ENERGY, COMPLICATED_ENERGY = 7474.0, 10520.0
"""Mean energy of sessions without and with major complications [J], in a register of 1004."""

SOURCE = "https://pubmed.ncbi.nlm.nih.gov/18195382/"
"""Where that register is described."""

BALANCE = 1e-3
"""Share of the energy that the books of a run may miss before that is said."""

_RISK = 0.05  # of passing a limit of an organ that is said

NOT_MODELLED = (
    "breathing during the illumination, bleeding, bile leaks, tissue that shrinks, needle tracks, "
    "vessels below 3 mm one by one, what the operator sees and corrects on the way"
)
"""What no run knows of."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning.

    Parameters
    ----------
    about : str
        A word that programs can look for.
    words : str
        A sentence.
    """

    about: str
    words: str


def find_warnings(subject: Subject, found: Found, tally: Tally) -> tuple[Warned, ...]:
    """Return what is to be said beside a plan.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    found : Found
        The plan.
    tally : Tally
        Of all runs.
    """
    plan, words = found.best.plan, []
    energies = [sum(p.energy for p in session) for session in plan.by_session()]
    if max(energies) > COMPLICATED_ENERGY:
        words.append(
            Warned(
                "energy",
                f"{max(energies) / 1e3:.1f} kJ in one session is more than the "
                f"{COMPLICATED_ENERGY / 1e3:.1f} kJ that sessions with major complications had on "
                f"average in a register of 1004 ({USUAL_ENERGY / 1e3:.1f} kJ without any); more "
                "and shorter sessions, or fewer illuminations, keep below",
            )
        )
    risk = 1.0 - found.probability.limits.value
    words += [
        Warned(
            "no-go",
            f"{organ['name']} reaches {organ['peak_degc']:.1f} degC and a damage of "
            f"{organ['damage']:.2g}: beyond its limits even as planned",
        )
        for organ in found.fine.outcome.organs
        if organ["within_limits"] is False
    ]
    if risk > _RISK and subject.case.organs:
        words.append(
            Warned(
                "no-go",
                f"with a probability of {100 * risk:.0f} % an organ passes its limits, mostly "
                "because fibres end up nearer to it than planned",
            )
        )
    if found.probability.failed:
        words.append(
            Warned("draws", f"{found.probability.failed} draws gave no result and are left out")
        )
    if tally.accidents:
        reason = next(iter(tally.reasons.values()), "")
        words.append(
            Warned(
                "runs",
                f"{tally.accidents} runs ended by accident ({reason}) and are left out; the same "
                "command tries them again",
            )
        )
    off = max(abs(one.outcome.balance_error) for one in (found.best, found.fine))
    if off > BALANCE:
        words.append(
            Warned(
                "books",
                f"the energy books of a run of this plan miss {100 * off:.2g} %; its zone is "
                "uncertain by about as much",
            )
        )
    is_ragged = found.fine.outcome.fraction < 0.999
    if is_ragged and found.is_feasible:
        words.append(
            Warned(
                "residual",
                f"as planned {100 * (1 - found.fine.outcome.fraction):.1f} % of the tumour is "
                "left; complete means at least 99 % here, as in published series",
            )
        )
    words.append(Warned("limits", f"not in the model: {NOT_MODELLED}"))
    return tuple(words)
