"""Lesions: what a population is made of, as plain records."""

from dataclasses import dataclass

from ablsim.grid import Point
from ablsim.light.fibre import Pattern


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one lesion after its treatment; None where nothing was.

    Parameters
    ----------
    volume : float, optional
        Of the ablation zone [m^3].
    fraction : float, optional
        Ablated share of the tumour.
    complete : bool, optional
        Whether the ablation was called complete.
    """

    volume: float | None = None
    fraction: float | None = None
    complete: bool | None = None


@dataclass(frozen=True, slots=True)
class Lesion:
    """One tumour, and what is known of its treatment.

    Parameters
    ----------
    name : str
        Unique in the population.
    axes : Point
        Full lengths of its axes along x, y and z [m]; thrice the diameter of a sphere.
    tissue : str
        Name of a tissue of the library.
    perfusion : str
        As in the ``[tumour]`` of a case.
    perfusion_rate : str, optional
        Number and unit where it was measured.
    stratum : str
        Its group in the report; empty for none.
    margin : float
        Asked for around it [m].
    pattern : str, optional
        Fibres of each of its treatments.
    energy : float, optional
        Fired per treatment over all fibres [J].
    illuminations : int, optional
        Per treatment.
    treatments : int, optional
        How many it had.
    observed : Observed
        What was seen.
    group : int
        Which of many populations it belongs to, from 0.
    """

    name: str
    axes: Point
    tissue: str
    perfusion: str = "normal"
    perfusion_rate: str | None = None
    stratum: str = ""
    margin: float = 0.0
    pattern: Pattern | None = None
    energy: float | None = None
    illuminations: int | None = None
    treatments: int | None = None
    observed: Observed = Observed()
    group: int = 0

    @property
    def diameter(self) -> float:
        """Its longest axis [m]."""
        return max(self.axes)

    @property
    def is_sphere(self) -> bool:
        """Whether its axes are equal."""
        return self.axes[0] == self.axes[1] == self.axes[2]


@dataclass(frozen=True, slots=True)
class Population:
    """All lesions of a study.

    Parameters
    ----------
    lesions : tuple of Lesion
        In the order in which they are reported.
    groups : int
        How many populations they make up.
    notes : tuple of str
        What the reader of the answers should know about them.
    """

    lesions: tuple[Lesion, ...]
    groups: int = 1
    notes: tuple[str, ...] = ()
