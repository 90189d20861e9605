"""What published rows say, as one equivalent diameter each."""

import math

import pytest

from ablsim.calibration.observations import (
    MEASUREMENT_SD,
    calibration_rows,
    choose_rows,
    make_observation,
)
from ablsim.errors import CaseError
from ablsim.zone import Zone

ROWS = {row.id: make_observation(row) for row in calibration_rows()}


def zones(**sizes):
    """The same zone for all processes."""
    return dict.fromkeys(("stasis", "whitening", "death"), Zone(**sizes))


def test_the_rows_are_the_lesions_that_were_measured():
    assert set(ROWS) >= {"albrecht98_1_flow", "bosman91", "steger92_x4", "sheep_4W", "heis97_bare"}
    assert not {"fried96_rabbit", "li20_myocardium", "pacella06"} & set(ROWS)
    assert {one.kind for one in ROWS.values()} == {"two-sided", "maximum"}


def test_a_volume_is_the_sphere_and_axes_are_the_ellipsoid():
    albrecht, steger, heis = (
        ROWS[name] for name in ("albrecht98_1_flow", "steger92_x4", "heis97_bare")
    )
    assert math.exp(albrecht.log_d) ** 3 * math.pi / 6e3 == pytest.approx(2.5)
    assert math.exp(3.0 * steger.log_d) == pytest.approx(36 * 31 * 28)
    assert math.exp(3.0 * heis.log_d) == pytest.approx(32 * 20 * 20)


def test_a_spread_that_was_read_counts_and_else_the_stated_one():
    assert ROWS["albrecht98_1_flow"].sd == pytest.approx(0.5 / 2.5 / 3.0)
    assert ROWS["albrecht98_1_flow"].sd_was_read
    assert ROWS["sheep_4W"].sd == MEASUREMENT_SD
    assert not ROWS["sheep_4W"].sd_was_read


def test_a_prediction_is_compared_size_by_size_as_it_was_measured():
    volume = zones(volume=2.5e-6, axes=(0.02, 0.01, 0.01), along=0.02, across=0.01)
    albrecht = ROWS["albrecht98_1_flow"]
    assert albrecht.log_diameter(volume) == pytest.approx(albrecht.log_d)
    cut = zones(volume=1e-6, axes=(0.03, 0.03, 0.03), along=0.032, across=0.020)
    assert ROWS["heis97_bare"].log_diameter(cut) == pytest.approx(ROWS["heis97_bare"].log_d)
    assert ROWS["sheep_4W"].log_diameter(cut) == pytest.approx(math.log(20.0))
    assert ROWS["steger92_x4"].log_diameter(cut) == pytest.approx(math.log(30.0))
    assert ROWS["bosman91"].log_diameter(zones()) == -math.inf


def test_rows_are_chosen_by_name_and_wrong_names_are_refused():
    assert [row.id for row in choose_rows(["sheep_4W", "bosman91"])] == ["sheep_4W", "bosman91"]
    without = [row.id for row in choose_rows(without=["sheep_4W"])]
    assert set(without) == set(ROWS) - {"sheep_4W"}
    with pytest.raises(CaseError, match=r"--rows pacella06.*albrecht98_1_flow"):
        choose_rows(["pacella06"])
    with pytest.raises(CaseError, match="--without cow"):
        choose_rows(without=["cow"])
    with pytest.raises(CaseError, match="1 rows are left"):
        choose_rows(["sheep_4W"])
