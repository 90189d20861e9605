import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.heat.medium import make_medium
from ablsim.heat.perfusion import perfusion_coefficient, perfusion_of
from ablsim.tissue.library import get_tissue
from ablsim.units import to_kelvin

CASE = {
    "schema": "ablsim/case/1",
    "title": "test",
    "domain": {"size": "40 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
    "tissue": {"background": "liver"},
    "tumour": {"tissue": "net_metastasis", "shape": "sphere", "diameter": "12 mm"},
    "vessel": [
        {
            "name": "vein",
            "diameter": "6 mm",
            "points": [["12 mm", "-40 mm", "0 mm"], ["12 mm", "40 mm", "0 mm"]],
        }
    ],
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 10 s", "rest for 120 s"]},
    "numerics": {"spacing": "1 mm"},
}


def make(**changes):
    case = Case.from_dict(CASE | changes)
    domain = make_domain(case)
    return case, domain, make_medium(case, domain)


def test_liver_perfusion_takes_the_heat_that_pennes_says():
    liver = get_tissue("liver")
    assert perfusion_coefficient(liver.perfusion) == pytest.approx(
        0.015470 * 1049.75 * 3617.0, rel=1e-3
    )


def test_rows_hold_the_library_numbers_in_si():
    _, domain, medium = make()
    thermal = domain.tissues[0].thermal
    row = medium.table[0]
    assert row[0] == pytest.approx(1078.75 * 3540.2)
    assert row[2] == pytest.approx(1078.75 * thermal.water_fraction.value * 2.257e6)
    assert row[3] == pytest.approx(0.5191)
    assert row[6] == pytest.approx(65.0 - 37.0)
    assert row[7] == pytest.approx(1.0 / 27.0)
    assert medium.boiling_rise == pytest.approx(63.0)


def test_kernel_conductivity_is_that_of_the_library():
    """The solver's own update of k must follow ThermalProperties.conductivity_at."""
    from ablsim.heat.pennes import PennesSolver
    from ablsim.heat.settings import HeatSettings

    case, domain, medium = make()
    kinetics = np.array([[1.0, 1e5, 400.0, 0.0, 0.0]] * 3)
    settings = HeatSettings(310.15, 0.0, kinetics, 311.0, 473.15, 673.15, tolerance=0.0)
    solver = PennesSolver(medium, case.domain.boundary, settings)
    rise = np.linspace(20.0, 62.0, medium.grid.n_cells).reshape(medium.grid.shape)
    solver.inner("theta")[:] = np.where(medium.held[medium.code], 0.0, rise)
    solver.inner("water")[:] = 0.6
    solver.set_source(np.zeros(medium.grid.shape), np.zeros((0, 3)))
    solver.advance(1e-6)
    liver = medium.code == 0
    expected = domain.tissues[0].thermal.conductivity_at(to_kelvin(37.0 + rise[liver]), 0.6)
    assert solver.inner("k")[liver] == pytest.approx(expected, rel=1e-5)


def test_flowing_vessel_is_held_and_an_occluded_one_is_not():
    _, domain, flowing = make()
    lumen = domain.lumen > 0
    assert flowing.held[flowing.code[lumen]].all()
    assert not flowing.held[flowing.code[~lumen]].any()
    case, domain, still = make(tissue={"background": "liver", "perfusion": "occluded"})
    assert not still.held.any()
    assert (still.table[:, 8] == 0.0).all()
    assert case.tissue.body_temperature == pytest.approx(310.15)


@pytest.mark.parametrize(
    ("stratum", "expected"),
    [("hypovascular", 0.006), ("embolised", 0.001), ("none", 0.0)],
)
def test_tumour_follows_its_own_stratum(stratum, expected):
    case, domain, _ = make(tumour=CASE["tumour"] | {"perfusion": stratum})
    assert perfusion_of(case, domain, domain.tumour_label) == pytest.approx(expected)
    assert perfusion_of(case, domain, 0) == pytest.approx(0.01547, rel=1e-3)


def test_boiling_can_be_switched_off():
    _, _, medium = make(physics={"boiling": "none"})
    assert medium.boiling_rise == np.inf
    assert medium.water_curve is None


@pytest.mark.parametrize(
    ("law", "begins", "half"),
    [("apparent_enthalpy_99_101", 99.0, 100.0), ("effective_c_yang2007", 70.0, 104.0)],
)
def test_a_law_of_boiling_for_comparison_brings_its_curve_of_water(law, begins, half):
    _, _, medium = make(physics={"boiling": law})
    assert medium.boiling_rise == np.inf
    assert medium.water_curve[0] == pytest.approx((begins - 37.0, 1.0))
    assert medium.hot_rise == pytest.approx(half - 37.0, abs=0.05)
    assert medium.first_change == pytest.approx(min(begins, 65.0) - 37.0)
