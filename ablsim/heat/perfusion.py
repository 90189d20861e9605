"""Perfusion: the heat that capillary blood carries away."""

from typing import Literal

from ablsim.case import Case
from ablsim.domain import Domain
from ablsim.tissue.constants import PERFUSION_STRATA
from ablsim.tissue.library import get_tissue
from ablsim.tissue.properties import Tissue

PerfusionLaw = Literal["constant", "stasis", "stasis_hyperaemia", "cutoff_60C"]

LAWS: dict[PerfusionLaw, int] = {
    "constant": 0,
    "stasis": 1,
    "stasis_hyperaemia": 2,
    "cutoff_60C": 3,
}
"""Numbers by which the kernel knows the laws of perfusion."""

FLOW_MAX: dict[PerfusionLaw, float] = {
    "constant": 1.0,
    "stasis": 1.0,
    "stasis_hyperaemia": 1.6,
    "cutoff_60C": 1.0,
}
"""Largest perfusion that each law can reach, relative to that at rest."""


def perfusion_coefficient(perfusion: float, blood: Tissue | None = None) -> float:
    """Return the Pennes coefficient ``omega rho_b c_b`` [W/(m^3 K)] of a perfusion [1/s].

    ``omega`` is volume of blood per volume of tissue and time (Pennes 1948);
    ``blood`` is that of the library unless the case says otherwise.
    """
    heat = (blood or get_tissue("blood")).thermal
    return perfusion * heat.density.si * heat.specific_heat.si


def perfusion_of(case: Case, domain: Domain, label: int) -> float:
    """Return the perfusion of a label of the domain at rest [1/s].

    ``[tissue] perfusion`` decides for everything where it is "none" or "occluded"; otherwise the
    tumour follows its own key, a named stratum or "normal", which is the tissue set's own rate.
    """
    if case.tissue.perfusion in {"none", "occluded"}:
        return 0.0
    if case.tumour is not None and label == domain.tumour_label:
        if case.tumour.perfusion in {"none", "occluded"}:
            return 0.0
        if case.tumour.perfusion in PERFUSION_STRATA:
            return PERFUSION_STRATA[case.tumour.perfusion].si
    return domain.tissues[label].perfusion
