"""The band of tiny real treatments, from the case file to the record."""

import dataclasses
import math

import numpy as np
import pytest

import ablsim
from ablsim.band import summarise_band
from ablsim.band_text import band_lines
from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.uncertainty.factors import find_factors
from ablsim.uncertainty.posterior import make_posterior
from ablsim.zone import measure_zones

PATIENT = {
    "schema": "ablsim/case/1",
    "title": "tiny patient",
    "domain": {"size": "32 mm"},
    "tissue": {"background": "liver"},
    "tumour": {
        "tissue": "net_metastasis",
        "shape": "sphere",
        "diameter": "14 mm",
        "margin": "2 mm",
    },
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 6 W for 60 s", "rest for 120 s"]},
    "numerics": {"spacing": "2 mm"},
}
BENCH = {
    "schema": "ablsim/case/1",
    "title": "tiny bench",
    "domain": {"size": "32 mm"},
    "tissue": {"background": "liver_exvivo", "perfusion": "none"},
    "fibres": {"kind": "diffuser", "length": "8 mm", "pattern": "single", "direction": [0, 0, -1]},
    "protocol": {"steps": ["deliver 7 W for 90 s", "rest for 120 s"]},
    "physics": {"reported_zone": "whitening"},
    "numerics": {"spacing": "2 mm"},
}


@pytest.fixture(scope="module")
def patient():
    case = Case.from_dict(PATIENT)
    result = ablsim.simulate(case)
    told = []
    band = ablsim.estimate_band(
        case, result, uncertainty="prior", on_run=lambda *run: told.append(run)
    )
    return result, band, told


@pytest.fixture(scope="module")
def bench():
    case = Case.from_dict(BENCH)
    band = ablsim.estimate_band(case, uncertainty="prior")
    return measure_zones(ablsim.simulate(case)), band


def test_a_band_takes_twelve_runs_and_says_which_one_it_is_at(patient):
    _, band, told = patient
    assert told == [(number, 12) for number in range(1, 13)]
    assert band.runs == 12
    assert band.spacing == pytest.approx(2e-3)


def test_every_interval_is_in_order_and_the_error_of_the_model_widens_it(patient):
    result, band, _ = patient
    zones = measure_zones(result)
    for name in ("stasis", "whitening", "death"):
        low, middle, high = band.intervals.zones[name].volume
        inner = band.parameters_only.zones[name].volume
        assert low < inner[0] < middle < inner[2] < high
        assert 0.4 < middle / zones[name].volume < 1.6
    for record in (band.intervals.tumour, band.parameters_only.tumour):
        for field in dataclasses.fields(record):
            low, middle, high = getattr(record, field.name)
            assert low <= middle <= high
    fraction = band.intervals.tumour.ablated_fraction
    assert 0.0 < fraction[0] < zones.tumour.ablated_fraction <= fraction[2] <= 1.0
    assert band.intervals.tumour.residual[2] == pytest.approx(
        (1.0 - fraction[0]) * zones.tumour.volume
    )


def test_shares_add_up_to_one_with_what_acts_together_and_fall(patient):
    _, band, _ = patient
    shares = [u.volume_share for u in band.uncertainties]
    assert sum(shares) + band.together == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    assert sum(u.fraction_share for u in band.uncertainties) <= 1.0 + 1e-9
    by_name = {u.name: u.volume_share for u in band.uncertainties}
    # a threshold of death cannot move the stasis zone: what it gets is the error of few runs
    assert by_name["death threshold"] < 0.05
    assert by_name["stasis threshold"] > 0.1


def test_the_same_case_has_the_same_band(patient):
    result, band, _ = patient
    again = ablsim.estimate_band(result.case, result, uncertainty="prior")
    assert again == band


def test_coarser_runs_give_their_relative_effects_to_the_finer_one():
    numerics = {"spacing": "1.6 mm"}
    case = Case.from_dict({**PATIENT, "numerics": numerics})
    told = []
    band = ablsim.estimate_band(case, uncertainty="prior", on_run=lambda *run: told.append(run))
    assert told[-1] == (14, 14)  # the case itself, the case on coarser cells, and twelve more
    assert band.runs == 13
    assert band.spacing == pytest.approx(2e-3)
    fine = measure_zones(ablsim.simulate(case)).stasis.volume
    low, middle, high = band.parameters_only.zones["stasis"].volume
    assert low < fine < high
    assert abs(math.log(middle / fine)) < 0.3


def test_a_bench_without_tumour_has_a_band_of_its_zones_alone(bench):
    zones, band = bench
    assert band.zone == "whitening"
    assert band.intervals.tumour is None
    assert {u.fraction_share for u in band.uncertainties} == {None}
    assert not any("perfusion" in u.name or "film" in u.name for u in band.uncertainties)
    low, _, high = band.parameters_only.zones["whitening"].volume
    assert low < zones.whitening.volume < high
    assert band.intervals.healthy_ablated == band.intervals.zones["whitening"].volume


def test_the_band_in_the_summary_is_in_millimetres_and_millilitres(patient):
    _, band, _ = patient
    table = summarise_band(band)
    assert table["level"] == [0.05, 0.5, 0.95]
    assert table["runs"] == 12
    assert table["spacing_mm"] == pytest.approx(2.0)
    assert table["model_error_sd_ln_d"] == 0.15
    assert table["uncertainty"] == "prior"
    assert table["calibrated"] == []
    volume = band.intervals.zones["stasis"].volume
    assert table["zones"]["stasis"]["volume_ml"] == pytest.approx([1e6 * v for v in volume])
    margin = band.parameters_only.tumour.margin_min
    assert table["parameters_only"]["tumour"]["margin_min_mm"] == pytest.approx(
        [1e3 * m for m in margin]
    )
    assert list(table["shares"]["volume"]) == [u.name for u in band.uncertainties]


def test_the_result_of_another_case_is_refused(patient):
    result, _, _ = patient
    other = Case.from_dict({**PATIENT, "title": "another"})
    with pytest.raises(CaseError, match="another case"):
        ablsim.estimate_band(other, result)


def test_nothing_fired_is_nothing_uncertain():
    cold = {**PATIENT, "protocol": {"steps": ["deliver 0.01 W for 5 s", "rest for 120 s"]}}
    band = ablsim.estimate_band(Case.from_dict(cold))
    assert band.intervals.zones["stasis"].volume == (0.0, 0.0, 0.0)
    assert band.intervals.tumour.ablated_fraction == (0.0, 0.0, 0.0)
    assert {u.volume_share for u in band.uncertainties} == {None}
    assert band.vanished == {}


def test_a_posterior_gives_its_own_spread_correlation_and_model_error(patient):
    """Perfusion of the liver and stasis narrow and together; everything else as the library."""
    result, prior, _ = patient
    factors = {factor.name: factor for factor in find_factors(result.case)}
    known = (factors["stasis threshold"], factors["perfusion of liver"])
    common = np.random.default_rng(2).standard_normal(256)
    joint = make_posterior(
        known, np.column_stack([1.5 + 0.1 * common, -0.1 * common]), np.full(256, 0.05), {}
    )
    band = ablsim.estimate_band(result.case, result, uncertainty=joint)
    assert band.calibrated == ("stasis threshold", "perfusion of liver")
    assert band.model_error == pytest.approx(0.05)

    def width(which, intervals="parameters_only"):
        low, _, high = getattr(which, intervals).zones["stasis"].volume
        return math.log(high / low)

    # known to a tenth of an SD where they were, they take their share of the variance with them
    there = make_posterior(
        known, np.column_stack([0.1 * common, -0.1 * common]), np.full(256, 0.05), {}
    )
    narrow = ablsim.estimate_band(result.case, result, uncertainty=there)
    gone = sum(u.volume_share for u in prior.uncertainties if u.name in band.calibrated)
    assert gone > 0.1
    assert width(narrow) == pytest.approx(width(prior) * math.sqrt(1.0 - gone), rel=0.04)
    assert width(band, "intervals") < width(prior, "intervals")
    middles = [b.parameters_only.zones["stasis"].volume[1] for b in (band, prior)]
    assert middles[0] < middles[1]  # a threshold 1.5 SD up makes a smaller zone
    by_name = {u.name: u for u in band.uncertainties}
    sd = factors["stasis threshold"].sd
    shift = factors["stasis threshold"].level(1.5 + 0.1 * common.mean())
    assert (
        by_name["stasis threshold"].spread == f"{shift:+.2f} K, SD {0.1 * sd * common.std():.2f} K"
    )
    assert by_name["stasis threshold"].source.startswith("published lesions")
    assert by_name["shutdown of perfusion"].spread == factors["shutdown of perfusion"].spread
    # the two are known together: each takes the share of both with it
    shares = [by_name[factor.name].volume_share for factor in known]
    assert shares[0] == pytest.approx(shares[1], rel=1e-6)
    table = summarise_band(band)
    assert table["uncertainty"] == "posterior"
    text = "\n".join(band_lines(table))
    assert "as published lesions left them" in text


def test_the_shipped_posterior_is_drawn_unless_the_library_is_asked_for(patient):
    result, prior, _ = patient
    band = ablsim.estimate_band(result.case, result)
    assert {"stasis threshold", "perfusion of liver"} <= set(band.calibrated)
    assert "perfusion of net_metastasis" not in band.calibrated
    assert band.runs == prior.runs
    low, middle, high = band.intervals.zones["stasis"].volume
    assert 0.0 < low < middle < high


def test_another_word_for_the_uncertainty_is_refused(patient):
    with pytest.raises(CaseError, match='"posteriori"'):
        ablsim.estimate_band(patient[0].case, uncertainty="posteriori")
