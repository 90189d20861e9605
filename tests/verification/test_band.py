"""The band from twelve runs against many runs spread evenly over what the parameters may be."""

import numpy as np
import pytest
from scipy.stats import qmc

import ablsim
from ablsim.case import Case
from ablsim.uncertainty.factors import find_factors, vary

CASE = {
    "schema": "ablsim/case/1",
    "title": "one fibre, part of a tumour",
    "domain": {"size": "36 mm"},
    "tissue": {"background": "liver"},
    "tumour": {"tissue": "net_metastasis", "shape": "sphere", "diameter": "16 mm"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 180 s", "rest for 120 s"]},
    "numerics": {"spacing": "2 mm"},
}


@pytest.mark.slow
def test_the_band_of_twelve_runs_is_that_of_a_large_sample():
    """Reached: the ends of volumes within 5 %, of the ablated fraction within 0.03."""
    case = Case.from_dict(CASE)
    band = ablsim.estimate_band(case, uncertainty="prior").parameters_only
    factors = find_factors(case)
    points = qmc.Sobol(len(factors), scramble=False).random_base2(7) + 0.5 / 2**7
    at = np.array([factor.coordinate(points[:, i]) for i, factor in enumerate(factors)]).T
    sample = [ablsim.measure_zones(ablsim.simulate(vary(case, factors, x))) for x in at]
    for name in ("stasis", "whitening", "death"):
        expected = np.quantile([zones[name].volume for zones in sample], (0.05, 0.5, 0.95))
        assert np.array(band.zones[name].volume) == pytest.approx(expected, rel=0.08)
    fractions = [zones.tumour.ablated_fraction for zones in sample]
    expected = np.quantile(fractions, (0.05, 0.5, 0.95))
    assert np.array(band.tumour.ablated_fraction) == pytest.approx(expected, abs=0.04)
