"""What a ruler reads on tissue that shrank as it was heated.

Excised pig liver kept hot for 15 min shortens by 12 % (at 60 degC) to 22 % (at 95 degC) of its
length [Rossmann2014], and the lesion that is cut and measured afterwards is smaller than the tissue
that was coagulated. The simulation does not move tissue: its sizes are those before shrinking, and
what is derived here stands beside them.
"""

from dataclasses import dataclass

from ablsim.tissue.sets.rossmann2014 import SHRINKAGE_LEAST, SHRINKAGE_MOST
from ablsim.zone import Zone

LINEAR_SHRINKAGE = (SHRINKAGE_LEAST.si, SHRINKAGE_MOST.si)
"""Loss of length of excised liver kept at 60 degC and at 95 degC [1], [Rossmann2014]."""

MEASURED_ZONE = "whitening"
"""The zone that a ruler is laid on where liver is cut on the bench: the pale one."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ShrunkSize:
    """Sizes after shrinking, each as (least, most).

    Parameters
    ----------
    axes : tuple of three ranges
        Caliper lengths along the principal axes [m].
    along, across : tuple of float
        Caliper length along the mean fibre direction, mean width across it [m].
    volume : tuple of float
        Volume, the same shrinkage in every direction taken [m^3].
    """

    axes: tuple[Range, Range, Range]
    along: Range
    across: Range
    volume: Range


def shrink(zone: Zone) -> ShrunkSize:
    """Return the size of a zone after its tissue has shrunk by 12 to 22 % in every direction.

    Notes
    -----
    Shrinkage depends on the highest temperature that each piece of tissue has seen. A result keeps
    the temperature of its last moment and the damage, not the highest temperature, so no local
    value is given: the band is the plain one for all of the zone. Its true shrinkage is a mean over
    tissue from about 55 to 60 degC at the edge, which loses less than 12 %, to 95 degC and dried
    tissue at the tip, which loses 22 % and more: lesions made by microwaves in cubes of liver lost
    21 to 43 % of each length [Farina2014]. Liver that is heated for less than the 15 min of the
    source, or is held by what surrounds it, loses less. Nothing of this holds for perfused tissue
    read by imaging.
    """

    def length(value: float) -> Range:
        least, most = (value * (1.0 - loss) for loss in LINEAR_SHRINKAGE[::-1])
        return least, most

    first, second, third = (length(axis) for axis in zone.axes)
    least, most = (zone.volume * (1.0 - loss) ** 3 for loss in LINEAR_SHRINKAGE[::-1])
    return ShrunkSize(
        (first, second, third), length(zone.along), length(zone.across), (least, most)
    )
