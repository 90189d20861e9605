"""What is varied, by how much, and that each value arrives where it belongs."""

import math

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.damage.rate import SHIFT_DURATION, threshold_temperature
from ablsim.tissue.library import get_kinetics
from ablsim.uncertainty.factors import find_factors, vary, with_spacing
from ablsim.uncertainty.thresholds import ALTERNATIVES

PATIENT = {
    "schema": "ablsim/case/1",
    "title": "patient",
    "tissue": {"background": "liver"},
    "tumour": {"tissue": "net_metastasis", "shape": "sphere", "diameter": "12 mm"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 60 s"]},
}
BENCH = {
    "schema": "ablsim/case/1",
    "title": "bench",
    "tissue": {"background": "liver_exvivo", "perfusion": "none", "start_temperature": "20 degC"},
    "fibres": {"kind": "diffuser", "length": "10 mm", "pattern": "single", "direction": [0, 0, -1]},
    "protocol": {"steps": ["deliver 5 W for 60 s"]},
}


def named(case):
    return {factor.name: factor for factor in find_factors(case)}


def alone(case, name, x):
    """The case with one factor at ``x`` and no other touched."""
    return vary(case, [named(case)[name]], [x])


def test_a_patient_has_every_factor_and_a_bench_only_its_own():
    assert list(named(Case.from_dict(PATIENT))) == [
        "stasis threshold",
        "whitening threshold",
        "death threshold",
        "perfusion of liver",
        "perfusion of net_metastasis",
        "shutdown of perfusion",
        "transmission of bare fibres",
        "absorption by the char film",
        "absorption of light",
        "scattering of light",
    ]
    assert list(named(Case.from_dict(BENCH))) == [
        "stasis threshold",
        "whitening threshold",
        "death threshold",
        "transmission of diffusers",
        "absorption of light",
        "scattering of light",
    ]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"physics": {"perfusion_law": "constant"}}, "shutdown of perfusion"),
        ({"physics": {"char": "none"}}, "absorption by the char film"),
        ({"physics": {"char_fraction": 0.8}}, "absorption by the char film"),
        ({"physics": {"shutdown": 0.5}}, "shutdown of perfusion"),
        ({"physics": {"whitening": "borrelli_bhk"}}, "whitening threshold"),
        (
            {
                "tissue": {
                    "background": "liver",
                    "override": {"liver": {"perfusion_rate": "0.01 1/s"}},
                }
            },
            "perfusion of liver",
        ),
        ({"tissue": {"background": "liver", "perfusion": "occluded"}}, "perfusion of liver"),
        (
            {"tumour": {**PATIENT["tumour"], "perfusion": "embolised"}},
            "perfusion of net_metastasis",
        ),
        ({"tumour": {**PATIENT["tumour"], "tissue": "liver"}}, "perfusion of net_metastasis"),
        ({"fibre": [{**PATIENT["fibre"][0], "transmission": 0.9}]}, "transmission of bare fibres"),
    ],
)
def test_what_a_case_does_not_have_or_gives_itself_is_not_varied(change, missing):
    assert missing in named(Case.from_dict(PATIENT))
    assert missing not in named(Case.from_dict({**PATIENT, **change}))


def test_all_factors_at_their_middle_differ_from_the_case_only_where_defaults_lie_aside():
    case = Case.from_dict(PATIENT)
    factors = find_factors(case)
    middle = vary(case, factors, np.zeros(len(factors)))
    assert middle.physics.shutdown == pytest.approx(0.95)
    assert middle.single_fibres[0].transmission == pytest.approx(0.925)
    assert middle.physics.char_fraction == pytest.approx(0.645)
    assert middle.physics.whitening_shift == 0.0
    assert middle.grid() == case.grid()
    for name in ("liver", "net_metastasis"):
        assert middle.tissue.find(name).perfusion == pytest.approx(case.tissue.find(name).perfusion)


def test_each_value_arrives_where_it_belongs():
    case = Case.from_dict(PATIENT)
    half = 0.05 / math.sqrt(3.0)
    assert alone(case, "shutdown of perfusion", 1.0).physics.shutdown == pytest.approx(0.95 + half)
    half = 0.075 / math.sqrt(3.0)
    lossy = alone(case, "transmission of bare fibres", -1.0)
    assert lossy.single_fibres[0].transmission == pytest.approx(0.925 - half)
    perfused = alone(case, "perfusion of net_metastasis", 1.0)
    ratio = perfused.tissue.find("net_metastasis").perfusion
    ratio /= case.tissue.find("net_metastasis").perfusion
    assert ratio == pytest.approx(math.exp(0.5), rel=1e-6)
    assert perfused.tissue.find("liver") == case.tissue.find("liver")
    for state in ("native", "coagulated"):
        for name, spread in (("liver", 0.40), ("net_metastasis", 0.45)):
            before, after = (
                getattr(c.tissue.find(name).optical, state).absorption.si
                for c in (case, alone(case, "absorption of light", 1.0))
            )
            assert after / before == pytest.approx(math.exp(spread), rel=1e-6)


def test_diffusers_and_arrays_lose_light_too():
    case = Case.from_dict(BENCH)
    bright = alone(case, "transmission of diffusers", math.sqrt(3.0))
    assert [fibre.transmission for fibre in bright.fibres_all] == pytest.approx([0.8])


@pytest.mark.parametrize("process", ["stasis", "death"])
def test_a_threshold_is_as_uncertain_as_published_sets_disagree(process):
    case = Case.from_dict(PATIENT)
    levels = [threshold_temperature(get_kinetics(n), SHIFT_DURATION) for n in ALTERNATIVES[process]]
    shifts = [
        getattr(alone(case, f"{process} threshold", x).physics, f"{process}_shift")
        for x in (-1.0, 0.0, 1.0)
    ]
    mean, sd = np.mean(levels) - levels[0], np.std(levels, ddof=1)
    assert shifts == pytest.approx([mean - sd, mean, mean + sd], abs=1e-9)
    assert 0.5 < sd < 4.0


def test_a_set_that_the_case_names_or_shifts_itself_stands_in_the_middle():
    for physics, given in (({"stasis": "cem43_240"}, 0.0), ({"stasis_shift": "-1 K"}, -1.0)):
        case = Case.from_dict({**PATIENT, "physics": physics})
        middle = alone(case, "stasis threshold", 0.0)
        assert middle.physics.stasis_shift == pytest.approx(given)


def test_the_whitening_threshold_lies_anywhere_within_the_change():
    """Its ends are where the one rate, ten times sooner and ten times later, is complete."""
    case = Case.from_dict(PATIENT)
    whitening = get_kinetics("jacques_liver_whitening")
    middle, sooner, later = (
        threshold_temperature(whitening, SHIFT_DURATION * factor) for factor in (1.0, 10.0, 0.1)
    )
    low, high = named(case)["whitening threshold"].level([-math.sqrt(3.0), math.sqrt(3.0)])
    assert high - low == pytest.approx(later - sooner, rel=1e-9)
    assert (low, high) == pytest.approx((sooner - middle, later - middle), abs=0.2)
    shift = alone(case, "whitening threshold", 1.0).physics.whitening_shift
    assert shift == pytest.approx(high / math.sqrt(3.0))


def test_coordinates_have_mean_zero_and_unit_variance():
    p = (np.arange(200_000) + 0.5) / 200_000
    for factor in find_factors(Case.from_dict(PATIENT)):
        x = factor.coordinate(p)
        assert x.mean() == pytest.approx(0.0, abs=1e-9)
        assert x.var() == pytest.approx(1.0, abs=1e-3)
        if factor.shape == "even":
            assert abs(x).max() <= math.sqrt(3.0)


def test_coarser_cells_leave_the_question_as_it_is():
    case = Case.from_dict(PATIENT)
    coarse = with_spacing(case, 2e-3)
    assert coarse.numerics.spacing == 2e-3
    assert coarse.protocol.all_steps == case.protocol.all_steps
    assert with_spacing(case, case.numerics.spacing) is case
    own_domain = Case.from_dict({**PATIENT, "domain": {"size": "37 mm"}})
    assert with_spacing(own_domain, 2e-3).domain.size == (0.037, 0.037, 0.037)


def test_a_coordinate_stands_for_a_shift_a_share_or_a_factor():
    factors = named(Case.from_dict(PATIENT))
    assert factors["shutdown of perfusion"].level(0.0) == pytest.approx(0.95)
    assert factors["perfusion of liver"].level([0.0, -1.0]) == pytest.approx([1.0, math.exp(-0.25)])
    stasis = factors["stasis threshold"]
    assert stasis.level(1.0) - stasis.level(0.0) == pytest.approx(stasis.sd)
    assert stasis.describe(0.0, 1.0) == stasis.spread
    assert factors["perfusion of liver"].describe(0.0, 1.0) == factors["perfusion of liver"].spread
    assert factors["perfusion of liver"].describe(-1.0, 0.5) == "x 0.78, factor 1.13 up or down"
    assert factors["shutdown of perfusion"].describe(0.0, 0.5) == "0.950, SD 0.014"


def test_a_factor_is_the_same_where_its_coordinate_means_the_same():
    patient, bench = named(Case.from_dict(PATIENT)), named(Case.from_dict(BENCH))
    for name in ("stasis threshold", "absorption of light"):
        assert patient[name].is_same(bench[name])
    assert not patient["stasis threshold"].is_same(patient["death threshold"])
    shifted = named(Case.from_dict({**PATIENT, "physics": {"stasis_shift": "1 K"}}))
    assert not shifted["stasis threshold"].is_same(patient["stasis threshold"])
    assert shifted["death threshold"].is_same(patient["death threshold"])
    other = named(Case.from_dict({**PATIENT, "physics": {"stasis": "borrelli_bhk"}}))
    assert not other["stasis threshold"].is_same(patient["stasis threshold"])
