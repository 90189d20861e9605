"""How far cells and steps are likely to have moved a zone: what finer ones made of other cases.

A run by itself does not know; `ablsim.certify` finds out with two more runs. Until then, what is
known of other cases is the best guess: 16 cases, on cells of 0.75 to 2 mm beside cells of at most
half the size (``data/spacing_errors.csv``, remade by ``benchmarks/check_heat.py spacings``). What
tells most of the error of a zone's volume is how many cells its radius spans.
"""

import math

from ablsim.case_settings import NumericsTable

FACTOR, POWER = 1.3, 1.5
"""Share of the volume that is in doubt: FACTOR (cell / radius)^POWER. Through the data goes 1.05
(cell / radius)^1.50 as what 95 % of the errors stay below, 93 % in cases that are left out of the
fit; a quarter more holds 97 %."""

STEPS = {"auto": 4e-3, "euler": 4e-3, "rkl2": 1e-2}
"""Most by which steps move the volume: 0.39 % in twelve published cases, 0.92 % with super-steps of
the `LONGEST`."""

COARSEST = 0.4
"""Cell by radius up to which there are data ..."""
LONGEST = 1.0
"""... and the longest super-step while the laser fires [s]."""


def likely_error(numerics: NumericsTable, volume: float) -> float | None:
    """Return by how much a zone's volume may differ from that on ever finer cells, as a share.

    Parameters
    ----------
    numerics : NumericsTable
        Cells and steps of the run.
    volume : float
        Of the zone [m^3].

    Returns
    -------
    float or None
        What about 19 of 20 cases stay below; None where no case is known that is like this one: a
        zone that is empty or a few cells wide, or super-steps longer than they should be.
    """
    if volume <= 0.0:
        return None
    radius = (3.0 * volume / (4.0 * math.pi)) ** (1.0 / 3.0)
    cells = numerics.edge / radius
    step = numerics.time_step or 0.0
    if cells > COARSEST or (numerics.time_stepping == "rkl2" and step > LONGEST):
        return None
    return float(FACTOR * cells**POWER + STEPS[numerics.time_stepping])
