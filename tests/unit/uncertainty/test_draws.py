"""Draws of a case's factors: what published lesions left where they bear, the library elsewhere."""

import math

import numpy as np
import pytest

from ablsim.calibration.observations import calibration_rows
from ablsim.calibration.parameters import bearing_factors
from ablsim.errors import CaseError
from ablsim.uncertainty.draws import draw_factors
from ablsim.uncertainty.factors import Factor
from ablsim.uncertainty.posterior import (
    make_posterior,
    read_posterior,
    shipped_posterior,
    write_posterior,
)
from ablsim.validation import make_case


def nothing(table, value):
    """A factor that only has a distribution."""


def make_factor(name, shape="normal", **changes):
    return Factor(name, "", "", shape, nothing, **changes)


FACTORS = (
    make_factor("threshold", middle=-0.5, sd=2.0, unit="K"),
    make_factor("share", "even", middle=0.9, sd=0.02),
    make_factor("flow", log_spread=0.25),
)


def make_joint(n=512):
    """Draws in which the first two go together, narrow and off the middle."""
    random = np.random.default_rng(5)
    common = random.standard_normal(n)
    first = 0.8 + 0.3 * common
    second = -0.2 + 0.4 * common + 0.05 * random.standard_normal(n)
    error = 0.1 + 0.02 * random.random(n)
    return make_posterior(FACTORS[:2], np.column_stack([first, second]), error, {"seed": 5})


def test_without_a_posterior_everything_has_its_prior_and_is_independent():
    draws = draw_factors(FACTORS, model_error=0.15)
    assert draws.known == ()
    assert draws.coordinates.mean(axis=0) == pytest.approx([0.0] * 3, abs=2e-3)
    assert draws.coordinates.std(axis=0) == pytest.approx([1.0] * 3, abs=5e-3)
    assert np.corrcoef(draws.coordinates, rowvar=False) == pytest.approx(np.eye(3), abs=5e-3)
    assert draws.log_error.std() == pytest.approx(0.15, rel=1e-2)
    assert not draws.without_error().log_error.any()
    assert (draws.covariance == np.eye(3)).all()


def test_a_posterior_gives_its_joint_draws_and_leaves_the_rest_to_the_library():
    joint = make_joint()
    draws = draw_factors(FACTORS, posterior=joint)
    assert draws.known == (0, 1)
    mean, sd = joint.coordinates.mean(axis=0), joint.coordinates.std(axis=0)
    assert draws.coordinates[:, :2].mean(axis=0) == pytest.approx(mean, abs=1e-12)
    assert draws.coordinates[:, :2].std(axis=0) == pytest.approx(sd, abs=1e-12)
    expected = np.corrcoef(joint.coordinates, rowvar=False)[0, 1]
    found = np.corrcoef(draws.coordinates, rowvar=False)
    assert found[0, 1] == pytest.approx(expected, abs=1e-9)
    assert found[0, 2] == pytest.approx(0.0, abs=0.02)
    assert draws.coordinates[:, 2].std() == pytest.approx(1.0, abs=5e-3)
    assert draws.covariance[2] == pytest.approx([0.0, 0.0, 1.0])
    assert draws.covariance[0, 0] == pytest.approx(sd[0] ** 2, rel=1e-3)


def test_the_error_of_the_model_comes_with_each_draw_and_is_spread_within_it():
    joint = make_joint()
    draws = draw_factors(FACTORS, posterior=joint)
    assert draws.model_error == pytest.approx(math.sqrt(np.mean(joint.model_error**2)))
    assert draws.log_error.std() == pytest.approx(draws.model_error, rel=1e-2)
    # all points of one draw: their errors are spread over the whole normal distribution
    per_draw = len(draws.log_error) // len(joint.model_error)
    first = draws.log_error.reshape(-1, per_draw)
    assert np.abs(first.mean(axis=1)).max() < 0.4 * draws.model_error
    assert abs(np.corrcoef(draws.log_error, draws.coordinates[:, 0])[0, 1]) < 0.01


@pytest.mark.parametrize("n", [7, 500, 1024])
def test_any_number_of_draws_is_used_evenly(n):
    joint = make_joint(n)
    draws = draw_factors(FACTORS, posterior=joint)
    _, counts = np.unique(draws.coordinates[:, 0], return_counts=True)
    assert len(counts) == n
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(
    "other",
    [
        make_factor("threshold", middle=-0.5, sd=2.1, unit="K"),  # another spread of the library
        make_factor("threshold", middle=0.5, sd=2.0, unit="K"),  # a case that shifts it itself
        make_factor("threshold", "even", middle=-0.5, sd=2.0, unit="K"),
        make_factor("another", middle=-0.5, sd=2.0, unit="K"),
    ],
)
def test_a_factor_that_means_something_else_keeps_its_prior(other):
    draws = draw_factors((other, *FACTORS[1:]), posterior=make_joint())
    assert draws.known == (1,)
    assert draws.coordinates[:, 0].std() == pytest.approx(1.0, abs=5e-3)


def test_a_posterior_can_be_written_and_read(tmp_path):
    joint = make_joint()
    path = tmp_path / "posterior.json"
    write_posterior(joint, path)
    again = read_posterior(path)
    assert again.names == joint.names
    assert again.provenance == {"seed": 5}
    assert again.coordinates == pytest.approx(joint.coordinates, rel=1e-3)
    assert again.model_error == pytest.approx(joint.model_error, rel=1e-3)
    assert [again.column(factor) for factor in FACTORS] == [0, 1, None]
    assert [place.name for place in tmp_path.iterdir()] == ["posterior.json"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "no posterior"),
        ("not json", "no posterior"),
        ('{"schema": "ablsim/posterior/9"}', "ablsim/posterior/9"),
        (
            '{"schema": "ablsim/posterior/1", "parameters": [], "draws": [[1, 2]], '
            '"provenance": {}}',
            "damaged",
        ),
    ],
)
def test_what_is_no_posterior_is_refused(tmp_path, text, words):
    path = tmp_path / "wrong.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=words):
        read_posterior(path)
    with pytest.raises(CaseError, match="cannot be read"):
        read_posterior(tmp_path / "nothing.json")


def test_the_shipped_posterior_belongs_to_this_library():
    """A changed spread of the library needs a new posterior: ablsim calibrate --posterior."""
    posterior = shipped_posterior()
    found = {}
    for row in calibration_rows():
        for factor in bearing_factors(make_case(row)):
            found.setdefault(factor.name, factor)
    assert set(found) == set(posterior.names)
    assert all(posterior.column(factor) is not None for factor in found.values())
    assert {entry["id"] for entry in posterior.provenance["rows"]} == {
        row.id for row in calibration_rows()
    }
    assert posterior.provenance["sampler"]["verdict"] == "converged"
    assert 0.03 < np.median(posterior.model_error) < 0.4
    half = math.sqrt(3.0)
    for i, meaning in enumerate(posterior.meanings):
        limit = half if meaning["shape"] == "even" else 2.5
        assert np.abs(posterior.coordinates[:, i]).max() <= limit + 1e-3
