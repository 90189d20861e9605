"""What becomes of the tips: estimates, films that form in hot tissue, and when they are gone."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from ablsim.grid import Grid
from ablsim.light.fibre import Fibre
from ablsim.tips import FILM_GROWTH, FibreTips
from ablsim.units import to_celsius, to_kelvin

GRID = Grid.centred((0.0, 0.0, 0.0), (24e-3,) * 3, 1e-3)
BODY = to_kelvin(37.0)
HOME = (0.0, 0.0, 0.0)
FIBRES = (
    Fibre("F1", "bare", (-5e-3, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Fibre("F2", "bare", (5e-3, 0.0, 0.0), (0.0, 0.0, -1.0)),
)


class Slab:
    """Tissue that is alike everywhere but for what a test writes into it."""

    def __init__(self, celsius=37.0, water=1.0, conductivity=0.52):
        self.theta = np.full(GRID.shape, celsius - 37.0, dtype=np.float32)
        self.water = np.full(GRID.shape, water, dtype=np.float32)
        self.k = np.full(GRID.shape, conductivity, dtype=np.float32)

    def at(self, name, where):
        return getattr(self, name)[where]


def make_tips(char="film", fibres=FIBRES):
    tips = FibreTips(GRID, len(fibres), char=char, base_temperature=BODY, start_temperature=BODY)
    tips.place(fibres, session=1, moved=[HOME] * len(fibres))
    return tips


def peaks(tips):
    return [round(to_celsius(record.peak), 1) for record in tips.records()]


def test_an_unheated_tip_is_as_warm_as_its_tissue_and_keeps_its_peak():
    tips = make_tips()
    assert peaks(tips) == [37.0, 37.0]
    tips.follow(Slab(61.5), {}, 1.0, 1.0)
    tips.follow(Slab(40.0), {}, 1.0, 1.0)
    assert peaks(tips) == [61.5, 61.5]
    assert not any(record.at_cap or record.charred for record in tips.records())


def test_film_heat_lifts_the_tip_that_has_it_in_proportion_to_power_over_conductivity():
    tips = make_tips()
    tips.follow(Slab(60.0), {"F1": 0.1}, 1.0, 1.0)
    lifted = peaks(tips)[0] - 60.0
    assert 70.0 < lifted < 90.0
    assert peaks(tips)[1] == 60.0
    halved = make_tips()
    halved.follow(Slab(60.0, conductivity=0.26), {"F1": 0.1}, 0.5, 1.0)
    assert peaks(halved)[0] - 60.0 == pytest.approx(lifted, abs=0.15)


def test_nothing_above_the_cap_is_ever_reported():
    tips = make_tips()
    tips.follow(Slab(100.0), {"F1": 3.0, "F2": 0.2}, 1.0, 1.0)
    first, second = tips.records()
    assert (round(to_celsius(first.peak), 6), first.at_cap, first.charred) == (400.0, True, True)
    assert 200.0 < to_celsius(second.peak) < 400.0
    assert (second.at_cap, second.charred) == (False, True)


def test_a_diffuser_is_as_hot_as_the_hottest_place_along_its_active_length():
    diffuser = Fibre("D", "diffuser", (0.0, 0.0, -6e-3), (0.0, 0.0, -1.0), length=10e-3)
    tissue = Slab(50.0)
    for z, celsius in ((14, 90.0), (17, 99.0)):  # cells about z = 2.5 mm (lit) and 5.5 mm (not)
        tissue.theta[z, 11:13, 11:13] = celsius - 37.0
    tips = make_tips(fibres=(diffuser,))
    tips.follow(tissue, {"D": 0.0}, 1.0, 1.0)
    assert peaks(tips) == [90.0]


def test_tissue_is_read_between_the_centres_of_cells_and_goes_on_beyond_the_outermost():
    rng = np.random.default_rng(4)
    tissue = Slab()
    tissue.theta[...] = rng.uniform(1.0, 60.0, GRID.shape)
    corner = (11.8e-3, 10.9e-3, -11.6e-3)
    at = [*rng.uniform(-11e-3, 11e-3, (9, 3)), corner, np.negative(corner), (11.5e-3, 0.0, 0.5e-3)]
    fibres = [Fibre(f"F{i}", "bare", tuple(tip), (0.0, 1.0, 0.0)) for i, tip in enumerate(at)]
    tips = make_tips(fibres=fibres)
    tips.follow(tissue, {}, 1.0, 1.0)
    expected = map_coordinates(tissue.theta, GRID.index(at).T, float, order=1, mode="nearest")
    found = [record.peak - BODY for record in tips.records()]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("char", "level"), [("none", 0.0), ("film", 1.0), ("film_when_hot", 0.0)])
def test_a_film_is_there_from_the_start_or_not(char, level):
    tips = make_tips(char)
    assert tips.film_levels == (level, level)
    dry = Slab(210.0, water=0.0)
    grown = tips.follow(dry, {"F1": 0.0}, 1.0, 1.0)
    assert grown == (char == "film_when_hot")


@pytest.mark.parametrize(
    ("celsius", "water", "forms"),
    [(201.0, 0.0, True), (201.0, 0.2, False), (199.0, 0.0, False)],
)
def test_a_film_forms_where_tissue_is_dry_and_beyond_200_degrees(celsius, water, forms):
    tips = make_tips("film_when_hot")
    tips.follow(Slab(celsius, water), {"F1": 0.0}, 1.0, 0.5)
    assert tips.film_levels == ((0.5 / FILM_GROWTH if forms else 0.0), 0.0)


def test_a_film_grows_over_two_seconds_of_light_and_never_shrinks():
    tips = make_tips("film_when_hot")
    tips.follow(Slab(250.0, 0.0), {"F1": 0.0}, 1.0, 0.8)
    cold = Slab(40.0, 0.0)
    assert not tips.follow(cold, {}, 1.0, 5.0)  # dark: nothing grows
    assert tips.follow(cold, {"F1": 1e-3}, 1.0, 0.8)
    assert tips.film_levels[0] == pytest.approx(0.8)
    assert tips.follow(cold, {"F1": 1e-3}, 1.0, 0.8)
    assert tips.film_levels[0] == 1.0
    assert not tips.follow(cold, {"F1": 1e-3}, 1.0, 0.8)


def test_a_film_is_pulled_back_with_its_fibre_and_gone_in_another_placement_or_session():
    tips = make_tips("film_when_hot")
    tips.follow(Slab(250.0, 0.0), {"F1": 0.0, "F2": 0.0}, 1.0, 2.0)
    assert tips.film_levels == (1.0, 1.0)
    tips.place([fibre.pulled_back(3e-3) for fibre in FIBRES], session=1, moved=[HOME, HOME])
    assert tips.film_levels == (1.0, 1.0)
    aside = (0.0, 2e-3, 0.0)
    moved = [replace(f, tip=tuple(np.add(f.tip, aside))) for f in FIBRES]
    tips.place(moved, session=1, moved=[aside, aside])
    assert tips.film_levels == (0.0, 0.0)
    tips.follow(Slab(250.0, 0.0), {"F1": 0.0}, 1.0, 2.0)
    tips.place(moved, session=2, moved=[aside, aside])
    assert tips.film_levels == (0.0, 0.0)
    assert peaks(tips) == [250.0, 250.0]


def test_only_the_fibre_that_is_inserted_anew_loses_its_film():
    tips = make_tips("film_when_hot")
    tips.follow(Slab(250.0, 0.0), {"F1": 0.0, "F2": 0.0}, 1.0, 2.0)
    aside = (0.0, 2e-3, 0.0)
    moved = [replace(FIBRES[0], tip=tuple(np.add(FIBRES[0].tip, aside))), FIBRES[1]]
    tips.place(moved, session=1, moved=[aside, HOME])
    assert tips.film_levels == (0.0, 1.0)


def test_a_film_from_the_start_is_there_in_every_placement():
    tips = make_tips("film")
    tips.place(FIBRES, session=2, moved=[(0.0, 1e-3, 0.0)] * 2)
    assert tips.film_levels == (1.0, 1.0)


def test_what_is_taken_up_again_goes_on_to_the_same_bits():
    tips = make_tips("film_when_hot")
    tips.place(FIBRES, session=2, moved=[HOME, HOME])
    tips.follow(Slab(250.0, 0.0), {"F1": 0.0}, 1.0, 0.7)
    state = copy.deepcopy(tips.state())
    again = FibreTips(GRID, 2, char="film_when_hot", base_temperature=BODY, start_temperature=BODY)
    again.restore(state)
    again.place(FIBRES, session=2, moved=[HOME, HOME])
    for run in (tips, again):
        run.follow(Slab(150.0, 0.3, 0.3), {"F1": 0.4, "F2": 0.1}, 0.9, 0.9)
    assert again.state() == tips.state()
    assert again.records() == tips.records()
