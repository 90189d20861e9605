"""Perfusion: the heat that capillary blood carries away."""

from ablsim.case import Case
from ablsim.domain import Domain
from ablsim.tissue.constants import PERFUSION_STRATA
from ablsim.tissue.library import get_tissue


def perfusion_coefficient(perfusion: float) -> float:
    """Return the Pennes coefficient ``omega rho_b c_b`` [W/(m^3 K)] of a perfusion [1/s].

    ``omega`` is volume of blood per volume of tissue and time (Pennes 1948).
    """
    blood = get_tissue("blood").thermal
    return perfusion * blood.density.si * blood.specific_heat.si


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
