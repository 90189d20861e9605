"""What is done in the clinic by size, to be put beside plans; nothing here is fitted."""

from dataclasses import dataclass

REGISTER_SOURCE = "https://pubmed.ncbi.nlm.nih.gov/18195382/"
REGISTER = {
    "diameter_mm": 32.0,
    "diameter_sd_mm": 17.0,
    "sessions": 1.55,
    "energy_per_session_j": 7474.0,
    "energy_per_session_sd_j": 3803.0,
    "energy_with_major_complications_j": 10520.0,
}
"""Nine centres, 647 nodules, 1004 sessions: as the abstract there has it."""


@dataclass(frozen=True, slots=True)
class ClinicalRule:
    """What is said to be given up to a size; from memory, unverified, to be compared with only.

    Parameters
    ----------
    up_to : float
        Longest axis [m].
    fibres, illuminations, sessions : tuple of int
        Least and most.
    energy : tuple of float
        Least and most in all [J].
    """

    up_to: float
    fibres: tuple[int, int]
    illuminations: tuple[int, int]
    sessions: tuple[int, int]
    energy: tuple[float, float]


RULES = (
    ClinicalRule(15e-3, (1, 2), (1, 1), (1, 1), (1800.0, 3600.0)),
    ClinicalRule(20e-3, (2, 2), (1, 1), (1, 1), (3600.0, 3600.0)),
    ClinicalRule(30e-3, (3, 4), (1, 1), (1, 1), (5400.0, 7200.0)),
    ClinicalRule(40e-3, (4, 4), (2, 2), (1, 2), (14400.0, 14400.0)),
    ClinicalRule(50e-3, (4, 4), (2, 3), (1, 2), (14400.0, 22000.0)),
    ClinicalRule(400e-3, (4, 4), (4, 9), (2, 3), (20000.0, 65000.0)),
)
"""By size; 1800 J from each fibre and illumination."""

COMPLETE = (
    # upper end of the class [m], share called complete, series
    (20e-3, 0.864, "Changsha 2016, 1-2 cm"),
    (30e-3, 0.936, "needle guide 2013, up to 3 cm, one session"),
    (34e-3, 0.61, "colorectal metastases 2006, median 3.4 cm"),
    (40e-3, 1.0, "the series behind the project, up to 4 cm"),
    (60e-3, 0.634, "large hepatocellular carcinomas 2018, from 4 cm"),
)
"""Published rates of complete ablation by size."""


def rule_for(diameter: float) -> ClinicalRule:
    """Return what is said to be given for a diameter [m]."""
    return next(rule for rule in RULES if diameter <= rule.up_to * (1.0 + 1e-9))
