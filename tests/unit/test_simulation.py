"""The coupling of light, heat and damage, on small cases."""

import copy
import itertools

import numba
import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.errors import CaseError
from ablsim.simulation import make_solver, simulate
from ablsim.summary import summarise
from ablsim.summary_text import render
from ablsim.tissue.constants import CAP_TEMPERATURE
from ablsim.units import to_kelvin
from ablsim.zone import measure_zones

SMALL = {
    "schema": "ablsim/case/1",
    "title": "small",
    "domain": {"size": "36 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
    "tissue": {"background": "liver"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 60 s", "rest for 120 s"]},
    # loops that are not compiled get an eighth of the cells
    "numerics": {"spacing": "4 mm" if numba.config.DISABLE_JIT else "2 mm"},
}


def case(**changes):
    return Case.from_dict(SMALL | changes)


@pytest.fixture(scope="module")
def small():
    return simulate(case())


def test_energy_balances_and_the_set_power_is_what_was_fired(small):
    assert small.ledger.fired == pytest.approx(300.0, rel=1e-9)
    assert small.ledger.emitted == pytest.approx(0.95 * 300.0, rel=1e-9)
    assert abs(small.ledger.balance_error) < 1e-3
    assert abs(small.ledger.light_error) < 1e-3


def test_output_times_and_events_are_hit_exactly():
    times = []
    numerics = SMALL["numerics"] | {"output_interval": "25 s"}
    simulate(case(numerics=numerics), on_snapshot=lambda s: times.append(s.time))
    assert times == [0.0, 25.0, 50.0, 60.0, 75.0, 100.0, 125.0, 150.0, 175.0, 180.0]


def test_progress_reaches_the_end():
    seen = []
    simulate(case(), on_progress=lambda now, end: seen.append((now, end)))
    assert seen[-1] == (180.0, 180.0)
    assert all(a[0] < b[0] for a, b in itertools.pairwise(seen))


def test_missing_cool_down_is_added_and_said():
    result = simulate(case(protocol={"steps": ["deliver 5 W for 60 s", "rest for 20 s"]}))
    assert result.history[-1].time == pytest.approx(180.0)
    assert any("100 s of rest were added" in note for note in result.notes)


def test_nothing_fired_leaves_the_start_state_exactly():
    protocol = {"steps": ["deliver 0 W for 10 s", "rest for 24 h"]}
    result = simulate(
        case(protocol=protocol, numerics=SMALL["numerics"] | {"output_interval": "6 h"})
    )
    assert not result.fields.rise.any()
    for omega in (result.fields.stasis, result.fields.whitening, result.fields.death):
        assert not omega.any()
    assert result.ledger.balance_error == 0.0


def test_light_is_renewed_as_the_tissue_whitens(small):
    assert small.statistics.light_updates > 3


@pytest.mark.compiled
def test_photons_heat_as_diffuse_light_does_and_say_their_noise(small):
    runs = [
        simulate(case(numerics=SMALL["numerics"] | {"light": "monte_carlo", "seed": seed}))
        for seed in (1, 2)
    ]
    volumes = [measure_zones(run)["stasis"].volume for run in (small, *runs)]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.1)
    assert volumes[2] == pytest.approx(volumes[1], rel=0.02)
    assert not np.array_equal(runs[0].fields.rise, runs[1].fields.rise)
    for run in runs:
        assert abs(run.ledger.balance_error) < 1e-3
        assert run.statistics.photons == 10_000 * run.statistics.light_updates
        summary = summarise(run, measure_zones(run))
        assert 0.0 < summary["error"]["light"] < 0.5
        assert summary["numerics"]["photons"] == run.statistics.photons


@pytest.mark.compiled
def test_diffusion_near_what_is_clear_is_warned_of():
    bile = {"name": "gallbladder", "tissue": "bile", "shape": "sphere", "diameter": "12 mm"}
    steps = {"steps": ["deliver 5 W for 5 s", "rest for 120 s"]}

    def said(light, x):
        organ = [bile | {"centre": [f"{x} mm", "0 mm", "0 mm"]}]
        numerics = SMALL["numerics"] | {"light": light, "photons": 1000}
        domain = {"size": ["60 mm", "36 mm", "36 mm"], "centre": ["12 mm", "0 mm", "0 mm"]}
        run = simulate(case(organ=organ, protocol=steps, numerics=numerics, domain=domain))
        return [note for note in run.notes if "diffusion" in note]

    (note,) = said("diffusion", 14)
    assert "8 mm from bile" in note or "9 mm from bile" in note
    assert "14 to 46 % off" in note
    assert said("diffusion", 30) == []
    assert said("monte_carlo", 14) == []


@pytest.mark.compiled
def test_light_inside_a_vessel_is_warned_of():
    def said(x, *steps):
        ends = [[f"{x} mm", f"{y} mm", "6 mm"] for y in (-40, 40)]
        vein = {"name": "the vein", "diameter": "6 mm", "points": ends}
        steps = {"steps": ["deliver 5 W for 1 s", *steps, "rest for 120 s"]}
        numerics = SMALL["numerics"] | {"light": "diffusion"}
        run = simulate(case(vessel=[vein], protocol=steps, numerics=numerics))
        return [note for note in run.notes if "gives light inside" in note]

    assert said(0) == []  # the tip lies 3 mm from its wall
    (note,) = said(0, "pull back 6 mm", "deliver 5 W for 1 s")
    assert note.startswith("F1 gives light inside the vein, ")
    assert said(8, "pull back 6 mm", "deliver 5 W for 1 s") == []


@pytest.mark.compiled
def test_two_fibres_share_one_light_problem():
    fibres = [
        SMALL["fibre"][0] | {"name": name, "tip": [x, "0 mm", "0 mm"]}
        for name, x in (("A", "-8 mm"), ("B", "8 mm"))
    ]
    steps = ["deliver 4 W for 20 s with B", "deliver 4 W for 20 s", "rest for 120 s"]
    result = simulate(case(fibre=fibres, protocol={"steps": steps}))
    assert result.ledger.fired == pytest.approx(4 * 20 + 8 * 20, rel=1e-9)
    rise = result.fields.stasis
    assert rise[:, :, 9:].max() > rise[:, :, :9].max()  # B fired longer, and lies to the left (+x)


def test_pull_back_moves_the_heat_back_along_the_fibre():
    steps = ["deliver 5 W for 30 s", "pull back 8 mm", "deliver 5 W for 30 s", "rest for 120 s"]
    pulled = simulate(case(protocol={"steps": steps})).fields.stasis >= 1
    still = simulate(case()).fields.stasis >= 1
    z = np.arange(pulled.shape[0])
    # the light leaves downwards (-z), so pulling back goes up
    reach = [z[zone.any(axis=(1, 2))] for zone in (pulled, still)]
    assert reach[0].max() > reach[1].max()


@pytest.mark.compiled
def test_numerics_change_the_error_and_not_the_question(small):
    finer = simulate(case(numerics={"spacing": "1 mm"}))
    damaged = [
        np.sum(-np.expm1(-r.fields.stasis.astype(float))) * r.grid.cell_volume
        for r in (small, finer)
    ]
    assert damaged[0] == pytest.approx(damaged[1], rel=0.12)


@pytest.mark.compiled
def test_without_perfusion_more_tissue_dies():
    flow = simulate(case())
    none = simulate(case(tissue={"background": "liver", "perfusion": "occluded"}))
    assert none.ledger.perfusion == 0.0
    assert (none.fields.whitening >= 1).sum() > (flow.fields.whitening >= 1).sum()


def test_perfusion_that_never_stops_takes_more_heat():
    stasis, constant = (
        simulate(case(physics={"perfusion_law": law})) for law in ("stasis", "constant")
    )
    assert constant.ledger.perfusion > 1.1 * stasis.ledger.perfusion


def test_provenance_says_with_what_it_was_computed(small):
    assert {"ablsim", "numpy", "numba", "case_sha256", "finished"} <= set(small.provenance)
    assert small.provenance["case_sha256"] == small.case.sha256
    assert small.statistics.cell_steps > 0


def test_a_step_beyond_the_stable_limit_is_refused_with_the_remedy():
    with pytest.raises(CaseError, match=r"numerics.time_step: 10 s .* allow.*auto"):
        simulate(case(numerics={"spacing": "2 mm", "time_stepping": "euler", "time_step": "10 s"}))


def test_same_bits_for_one_and_two_threads(small):
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    again = simulate(case())
    numba.set_num_threads(before)
    for name in ("rise", "stasis", "whitening", "death", "water", "char"):
        assert np.array_equal(getattr(again.fields, name), getattr(small.fields, name))
    assert again.ledger == small.ledger


def test_mirror_images_of_a_case_give_mirror_images():
    left, right = (
        simulate(
            case(
                fibre=[SMALL["fibre"][0] | {"tip": [f"{x} mm", "0 mm", "0 mm"]}],
                numerics=SMALL["numerics"] | {"light": "diffusion"},  # no chance in it
            )
        )
        for x in (-5, 5)
    )
    assert left.fields.stasis[:, :, ::-1] == pytest.approx(right.fields.stasis, rel=2e-2, abs=1e-3)
    assert left.ledger.latent == pytest.approx(right.ledger.latent, rel=1e-3)


def same_fields(one, other):
    names = ("rise", "stasis", "whitening", "death", "water", "char")
    return all(np.array_equal(getattr(one.fields, n), getattr(other.fields, n)) for n in names)


def test_the_energy_of_a_ramp_is_its_integral():
    steps = ["ramp from 1 W to 6 W over 60 s", "ramp from 6 W to 0 W over 7 s"]
    ramp = simulate(case(protocol={"steps": steps}))
    assert ramp.ledger.fired == pytest.approx(3.5 * 60.0 + 3.0 * 7.0, rel=1e-12)
    assert ramp.ledger.emitted == pytest.approx(0.95 * ramp.ledger.fired, rel=1e-12)
    assert abs(ramp.ledger.balance_error) < 1e-3
    power = {record.time: record.power for record in ramp.history}
    assert power[30.0] == pytest.approx(3.5)
    assert power[67.0] == 0.0


def test_a_ramp_heats_most_where_its_power_is_highest():
    halves = []
    for steps in (["ramp from 0 W to 6 W over 60 s"], ["ramp from 6 W to 0 W over 60 s"]):
        result = simulate(case(protocol={"steps": steps}))
        books = {record.time: record.ledger for record in result.history}
        halves.append(books[30.0].fired / books[60.0].fired)
    assert halves == pytest.approx([0.25, 0.75], rel=1e-9)


def test_a_ramp_that_does_not_change_equals_a_delivery(small):
    ramp = simulate(case(protocol={"steps": ["ramp from 5 W to 5 W over 60 s", "rest for 120 s"]}))
    assert same_fields(ramp, small)
    assert ramp.ledger == small.ledger


def test_a_nearly_constant_ramp_heats_as_its_mean_power(small):
    ramp = simulate(
        case(protocol={"steps": ["ramp from 4.95 W to 5.05 W over 60 s", "rest for 120 s"]})
    )
    assert ramp.fields.rise == pytest.approx(small.fields.rise, rel=0.01, abs=0.02)
    assert ramp.ledger.perfusion == pytest.approx(small.ledger.perfusion, rel=0.01)


def test_repositioned_fibres_make_a_second_zone():
    steps = [
        "deliver 5 W for 60 s",
        "reposition by 0 mm, 20 mm, 0 mm",
        "deliver 5 W for 60 s",
    ]
    result = simulate(case(protocol={"steps": steps}, domain={}, tissue={"background": "liver"}))
    zones = measure_zones(result)
    assert zones["whitening"].pieces == 2
    front = result.fields.stasis >= 1.0
    y = np.unique(result.grid.position(np.argwhere(front))[:, 1])
    assert y.min() < 0.0 < 20e-3 < y.max()
    assert abs(result.ledger.balance_error) < 1e-3


def test_a_new_session_starts_cool_with_the_damage_done():
    states = {}
    steps = ["deliver 5 W for 60 s", "new session", "deliver 0 W for 1 s"]
    result = simulate(
        case(protocol={"steps": steps}), on_snapshot=lambda s: states.update({s.time: s})
    )
    first, last = states[180.0], result.fields
    assert first.fields.rise.max() > 1.0
    assert not last.rise.any()
    for name in ("stasis", "whitening", "death", "water", "char"):
        assert np.array_equal(getattr(last, name), getattr(first.fields, name))
    assert result.ledger.stored == 0.0
    assert result.ledger.between_sessions == pytest.approx(first.ledger.stored, rel=1e-12)
    assert abs(result.ledger.balance_error) < 1e-3
    assert result.ledger.perfusion == first.ledger.perfusion


@pytest.mark.compiled
def test_placements_far_apart_are_computed_each_in_its_part_of_the_domain(monkeypatch):
    steps = [
        "deliver 5 W for 200 s",
        "rest for 60 s",
        "reposition by 0 mm, 70 mm, 0 mm",
        "deliver 5 W for 200 s",
        "new session",
        "reposition by 0 mm, -70 mm, 8 mm",
        "deliver 5 W for 200 s",
    ]
    there = case(protocol={"steps": steps}, domain={}, numerics={"spacing": "3 mm"})
    parts = simulate(there)
    monkeypatch.setattr("ablsim.light.lit.WORTH", 0.0)
    everywhere = simulate(there)
    assert np.array_equal(parts.fields.stasis >= 1.0, everywhere.fields.stasis >= 1.0)
    np.testing.assert_allclose(parts.fields.rise, everywhere.fields.rise, atol=0.02)
    np.testing.assert_allclose(parts.fields.water, everywhere.fields.water, atol=2e-3)
    assert abs(parts.ledger.balance_error) < 1e-3
    assert 0.0 <= parts.ledger.escaped - everywhere.ledger.escaped < 0.01 * parts.ledger.emitted
    # the heat of the last session alone is looked after in it
    active = [entry.active_cells for entry in parts.history]
    assert active[-1] < max(active)


@pytest.mark.compiled
def test_a_second_session_ablates_further_into_tissue_without_flow():
    one, two, long = (
        simulate(case(protocol={"steps": steps}))
        for steps in (
            ["deliver 5 W for 60 s"],
            ["deliver 5 W for 60 s", "new session", "deliver 5 W for 60 s"],
            ["deliver 5 W for 120 s"],
        )
    )
    volumes = [(result.fields.stasis >= 1.0).sum() for result in (one, two, long)]
    assert volumes[0] < volumes[1] < volumes[2]
    assert two.ledger.between_sessions > 10.0
    assert abs(two.ledger.balance_error) < 1e-3


def test_a_log_of_a_delivery_gives_the_same_bits(small, tmp_path):
    (tmp_path / "log.csv").write_text("time,fibre,power\n0,F1,5\n20,F1,5\n60,F1,0\n")
    steps = [{"deliver": {"log": "log.csv"}}, "rest for 120 s"]
    logged = simulate(Case.from_dict(SMALL | {"protocol": {"steps": steps}}, folder=tmp_path))
    assert same_fields(logged, small)
    assert logged.ledger == small.ledger


def test_a_log_of_many_rows_stores_no_state_for_each():
    rows = [[f"{time} s", "F1", f"{5 - time % 2} W"] for time in range(20)]
    rows.append(["20 s", "F1", "0 W"])
    times = []
    result = simulate(
        case(protocol={"steps": [{"deliver": {"log": rows}}]}),
        on_snapshot=lambda s: times.append(s.time),
    )
    assert times == [0.0, 20.0, 30.0, 60.0, 90.0, 120.0, 140.0]
    assert result.ledger.fired == pytest.approx(20 * 4.5, rel=1e-12)


@pytest.mark.compiled
def test_fibres_with_equal_shares_need_no_new_light_when_power_changes():
    fibres = [
        SMALL["fibre"][0] | {"name": name, "tip": [x, "0 mm", "0 mm"]}
        for name, x in (("A", "-8 mm"), ("B", "0 mm"), ("C", "8 mm"))
    ]
    updates = [
        simulate(case(fibre=fibres, protocol={"steps": steps})).statistics.light_updates
        for steps in (["deliver 0.2 W for 5 s"], ["ramp from 0.1 W to 0.3 W over 5 s"])
    ]
    assert updates == [1, 1]


@pytest.mark.compiled
def test_death_can_be_a_thermal_dose_and_stasis_another():
    doses = simulate(case(physics={"death": "cem43_240", "stasis": "cem43_30"}))
    assert (doses.fields.stasis >= 1).sum() > (doses.fields.death >= 1).sum() > 0
    # both count the same minutes, so one is the other times eight where no rate is capped
    mild = doses.fields.death < 1.0
    expected = 8.0 * doses.fields.death[mild]
    assert doses.fields.stasis[mild] == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("law", ["stasis_hyperaemia", "cutoff_60C"])
def test_other_laws_of_perfusion_leave_a_smaller_zone(small, law):
    other = simulate(case(physics={"perfusion_law": law}))
    assert other.ledger.perfusion > small.ledger.perfusion
    assert (other.fields.whitening >= 1).sum() <= (small.fields.whitening >= 1).sum()


def test_the_tips_are_estimated_for_every_fibre_and_change_nothing(small):
    (tip,) = small.tips
    assert (tip.fibre, tip.at_cap, tip.charred) == ("F1", True, True)
    assert tip.peak == CAP_TEMPERATURE.si
    dark = simulate(
        case(
            fibre=[
                SMALL["fibre"][0] | {"name": name, "tip": [x, "0 mm", "0 mm"]}
                for name, x in (("A", "-9 mm"), ("B", "9 mm"))
            ],
            protocol={"steps": ["deliver 5 W for 5 s with B", "rest for 120 s"]},
        )
    )
    cool, hot = dark.tips
    assert cool.peak < to_kelvin(40.0) < to_kelvin(200.0) < hot.peak
    assert [tip.charred for tip in dark.tips] == [False, True]


@pytest.mark.compiled
def test_the_estimate_hardly_hangs_on_the_cells_that_the_temperature_itself_hangs_on():
    """0.15 W leave the tissue wet; the cells' own peaks differ by a factor of nearly two."""
    steps = {"steps": ["deliver 0.15 W for 60 s", "rest for 120 s"]}
    peaks, cells = [], []
    for spacing in ("2 mm", "1 mm", "0.5 mm"):
        snapshots = []
        result = simulate(
            case(
                protocol=steps,
                numerics={"spacing": spacing, "output_interval": "60 s"},
                domain={"size": "16 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
            ),
            on_snapshot=snapshots.append,
        )
        (tip,) = result.tips
        peaks.append(tip.peak - to_kelvin(37.0))
        cells.append(snapshots[1].fields.rise.max())
        assert not tip.at_cap
    assert cells[2] > 1.5 * cells[0]
    assert peaks == pytest.approx([peaks[2]] * 3, rel=0.03)
    reach = np.sqrt(0.52 / (0.0155 * 1050.0 * 3617.0))  # of heat against perfusion [m]
    film = 0.15 * 0.95 * 0.65 / (4.0 * np.pi * 0.52 * 0.15e-3) * np.exp(-0.15e-3 / reach)
    assert film < peaks[2] < 1.05 * film, "the rest is what the light adds"


def test_without_a_film_tips_are_as_hot_as_their_cells():
    result = simulate(case(physics={"char": "none"}))
    (tip,) = result.tips
    assert to_kelvin(80.0) < tip.peak < to_kelvin(101.0)
    assert not tip.charred


@pytest.mark.compiled
def test_a_film_forms_only_where_the_tip_dries_out_and_then_takes_its_share():
    """At 5 W the cells of 2 mm stay wet; at 20 W they dry, and the film keeps light from them."""
    ways = ("none", "film_when_hot", "film")
    weak, strong = (
        {
            way: simulate(
                case(
                    physics={"char": way},
                    protocol={"steps": [f"deliver {power} W for 40 s", "rest for 120 s"]},
                )
            )
            for way in ways
        }
        for power in (5, 20)
    )
    never, hot = weak["none"], weak["film_when_hot"]
    assert hot.ledger == never.ledger
    assert np.array_equal(hot.fields.rise, never.fields.rise)
    boiled = [strong[way].ledger.latent for way in ways]
    assert boiled[0] < boiled[1] < boiled[2]
    for result in strong.values():
        assert abs(result.ledger.balance_error) < 1e-4
        assert abs(result.ledger.light_error) < 1e-4


def test_heat_along_the_track_makes_longer_zones_and_stays_in_the_books(small):
    track = simulate(case(physics={"track_fraction": 0.3}))
    assert abs(track.ledger.balance_error) < 1e-5
    assert abs(track.ledger.light_error) < 1e-5
    assert track.ledger.emitted == small.ledger.emitted
    zones = [measure_zones(result)["whitening"] for result in (small, track)]
    assert zones[1].along > zones[0].along + 3e-3
    assert zones[1].along / zones[1].across > 1.3 > zones[0].along / zones[0].across
    all_heat = simulate(case(physics={"track_fraction": 1.0}))
    assert all_heat.statistics.light_updates == 0
    assert all_heat.ledger.absorbed == pytest.approx(all_heat.ledger.emitted, rel=1e-12)


def test_tracks_are_for_bare_tips_only():
    diffuser = [SMALL["fibre"][0] | {"kind": "diffuser", "length": "10 mm"}]
    with_track, without = (
        simulate(case(fibre=diffuser, physics={"track_fraction": share})) for share in (0.5, 0.0)
    )
    assert with_track.ledger == without.ledger


CROSS = [
    SMALL["fibre"][0] | {"name": name, "tip": [f"{x} mm", f"{y} mm", "0 mm"]}
    for name, x, y in (("A", 6, 0), ("B", -6, 0), ("C", 0, 6), ("D", 0, -6))
]
BRANCH = {
    "name": "portal branch",
    "diameter": "3 mm",
    "points": [["0 mm", "0 mm", "-50 mm"], ["0 mm", "0 mm", "50 mm"]],
}


def with_branch(power="5 W", **keys):
    """Four fibres around a vessel of 3 mm."""
    return case(
        fibre=CROSS,
        vessel=[BRANCH | keys],
        protocol={"steps": [f"deliver {power} for 60 s", "rest for 120 s"]},
        domain={"size": "30 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
        numerics={"spacing": "1.5 mm"},
    )


@pytest.mark.compiled
def test_a_vessel_heated_from_all_sides_closes_and_the_books_still_close():
    free, occluding = (simulate(with_branch(wall=wall)) for wall in ("free", "occludes"))
    (note,) = (note for note in occluding.notes if "portal branch" in note)
    assert note.startswith("portal branch closed at ")
    assert 5.0 < float(note.split()[4]) < 60.0
    assert not any("portal branch" in note for note in free.notes)
    assert occluding.ledger.vessels < 0.5 * free.ledger.vessels
    assert occluding.fields.rise.max() > free.fields.rise.max()
    lumen = np.asarray(occluding.labels == occluding.materials.index("blood"))
    assert not free.fields.rise[lumen].any()
    assert occluding.fields.rise[lumen].max() > 5.0
    for result in (free, occluding):
        assert abs(result.ledger.balance_error) < 1e-5


def test_a_vessel_in_warm_tissue_never_closes_and_changes_nothing():
    free, occluding = (simulate(with_branch("0.2 W", wall=w)) for w in ("free", "occludes"))
    assert same_fields(free, occluding)
    assert free.ledger == occluding.ledger
    assert any("portal branch stayed open" in note for note in occluding.notes)


def test_a_vessel_of_10_mm_stays_open_where_one_of_3_mm_closes():
    tips = [(9, 0), (-9, 0), (0, 9), (0, -9)]
    fibres = [
        fibre | {"tip": [f"{x} mm", f"{y} mm", "0 mm"]}
        for fibre, (x, y) in zip(CROSS, tips, strict=True)
    ]
    wide = with_branch(wall="occludes", diameter="10 mm").resolved() | {"fibre": fibres}
    result = simulate(Case.from_dict(wide))  # the fibres are as near to its wall, 4 mm
    assert any("portal branch stayed open" in note for note in result.notes)


def test_a_vessel_that_closes_brings_no_jump_into_the_books():
    question = with_branch(wall="occludes")
    domain = make_domain(question)
    solver = make_solver(question, domain)
    tips = np.array([fibre.tip for fibre in question.fibres_all])
    q = np.full(domain.grid.shape, 2e5, np.float32)
    solver.set_source(q, tips)
    solver.advance(20.0)
    before, k = solver.balance(), solver.time_step
    solver.stop_flow(domain.lumen == 1)
    after = solver.balance()
    assert after == pytest.approx(before, rel=1e-12, abs=1e-9)
    taken = after["vessels"]
    solver.advance(20.0)
    balance = solver.balance()
    assert balance["vessels"] == taken  # nothing flows any more
    absorbed = 40.0 * float(q.sum(dtype=np.float64)) * domain.grid.cell_volume
    assert sum(balance.values()) - balance["moved_by_cap"] == pytest.approx(absorbed, rel=1e-5)
    assert solver.time_step == k
    assert solver.inner("theta")[domain.lumen == 1].min() > 0.0


def test_a_run_taken_up_after_a_vessel_closed_gives_the_same_bits():
    question = with_branch(wall="occludes")
    domain = make_domain(question)
    q = np.full(domain.grid.shape, 3e5, np.float32)
    tips = np.array([fibre.tip for fibre in question.fibres_all])
    through, other = (make_solver(question, domain) for _ in range(2))
    through.set_source(q, tips)
    through.advance(10.0)
    through.stop_flow(domain.lumen == 1)
    through.advance(5.0)
    other.restore(copy.deepcopy(through.state()))
    for solver in (through, other):
        solver.advance(10.0)
        solver.start_session()
        solver.advance(5.0)
    for name, value in through.state().items():
        assert np.array_equal(value, other.state()[name]), name


@pytest.mark.compiled
def test_a_probe_reads_what_the_cells_around_it_have(small):
    grid = small.grid
    cell = grid.position((9, 9, 11)).tolist()
    between = grid.position((9, 9, 11.5)).tolist()
    probes = [
        {"name": name, "position": [f"{1e3 * x!r} mm" for x in position]}
        for name, position in (("cell", cell), ("between", between))
    ]
    seen = []
    result = simulate(
        case(probe=probes), on_snapshot=lambda s: seen.append((s.time, s.fields.rise[9, 9, 11:13]))
    )
    assert same_fields(result, small)  # looking changes nothing
    curve = result.probe("cell")
    assert curve.times[0] == 0.0
    assert curve.times[-1] == 180.0
    assert np.all(np.diff(curve.times) > 0.0)
    assert np.diff(curve.times).max() <= max(1.0, small.statistics.time_step)
    for time, (here, beside) in seen:
        at = int(np.flatnonzero(curve.times == time)[0])
        rises = [result.probe(name).temperatures[at] - 310.15 for name in ("cell", "between")]
        assert rises == pytest.approx([here, 0.5 * (float(here) + float(beside))], abs=1e-4)
    assert curve.peak > max(here for _, (here, _) in seen) + 310.15 - 1e-3
    omega = [getattr(result.fields, name)[9, 9, 11] for name in ("stasis", "death")]
    assert [curve.stasis, curve.death] == pytest.approx(omega, rel=0.05)
    assert curve.death > 1e-3


def test_a_new_session_shows_in_a_probe_as_it_cools_at_once():
    probe = {"name": "T1", "position": ["3 mm", "0 mm", "0 mm"]}
    steps = ["deliver 5 W for 60 s", "new session", "deliver 0 W for 1 s"]
    curve = simulate(case(protocol={"steps": steps}, probe=[probe])).probe("T1")
    twice = np.flatnonzero(np.diff(curve.times) == 0.0)
    assert curve.times[twice].tolist() == [180.0]
    assert curve.temperatures[twice[0]] > 311.0
    assert curve.temperatures[twice[0] + 1] == pytest.approx(310.15)


def test_an_organ_near_the_fibre_passes_its_limits_and_one_far_away_keeps_them():
    near = {
        "name": "gallbladder",
        "tissue": "bile",
        "shape": "sphere",
        "centre": ["10 mm", "0 mm", "0 mm"],
        "diameter": "12 mm",
        "no_go": {"peak_temperature": "45 degC", "damage": 0.01},
    }
    far = near | {"name": "duct", "centre": ["-14 mm", "0 mm", "0 mm"], "diameter": "6 mm"}
    result = simulate(case(organ=[near, far]))
    summary = summarise(result, measure_zones(result))
    assert "EXCEEDED: 45 degC, damage 0.01" in render(summary)
    gallbladder, duct = summary["organs"]
    assert gallbladder["peak_degc"] > 45.0
    assert gallbladder["damage"] > 0.01
    assert gallbladder["within_limits"] is False
    assert duct["within_limits"] is True
    cells = result.labels == result.materials.index("bile")
    assert gallbladder["damage"] == pytest.approx(float(result.fields.death[cells].max()))
    assert result.organ("gallbladder").peak > 310.15 + float(result.fields.rise[cells].max())
    assert abs(result.ledger.balance_error) < 1e-3


@pytest.mark.parametrize("name", ["on_snapshot", "on_progress"])
def test_what_a_callback_raises_ends_the_run_and_harms_nothing(name, small):
    class EnoughError(Exception):
        pass

    calls = []

    def stop(*values):
        calls.append(values)
        if len(calls) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        simulate(case(), **{name: stop})
    assert len(calls) == 3
    again = simulate(case())
    assert np.array_equal(again.fields.stasis, small.fields.stasis)
    assert again.ledger == small.ledger


@pytest.mark.compiled
def test_a_zone_that_still_grows_at_the_end_is_said():
    occluded = {"background": "liver", "perfusion": "occluded"}
    steps = ["deliver 5 W for 400 s", "rest for 120 s"]
    hot = simulate(case(tissue=occluded, protocol={"steps": steps}))
    (note,) = [note for note in hot.notes if "still growing" in note]
    gain = float(note.partition("would gain ")[2].partition(" %")[0]) / 100.0
    assert "rest for 1800 s" in note
    settled = simulate(case(tissue=occluded, protocol={"steps": [steps[0], "rest for 900 s"]}))
    assert not any("still growing" in note for note in settled.notes)
    before, after = (measure_zones(result).stasis.volume for result in (hot, settled))
    assert 1.0 < after / before < 1.0 + gain


LAWS = {
    "three_state": {"death": "three_state"},
    "isotherm": {"death": "isotherm_54"},
    "mixed": {"whitening": "liver_whitening_distributed"},
    "band": {"boiling": "apparent_enthalpy_99_101"},
    "yang": {"boiling": "effective_c_yang2007"},
    "steam": {"steam_condensation": 0.5},
}


@pytest.fixture(scope="module")
def by_law(small):
    runs = {name: simulate(case(physics=physics)) for name, physics in LAWS.items()}
    return {"default": small, **runs}


def test_books_close_under_every_law_of_boiling_and_death(by_law):
    for name, result in by_law.items():
        assert abs(result.ledger.balance_error) < 1e-3, name


def test_death_by_another_law_changes_nothing_else(by_law, small):
    volumes = {name: measure_zones(result).death.volume for name, result in by_law.items()}
    assert 0.0 <= volumes["three_state"] < volumes["isotherm"] < volumes["default"]
    for name in ("three_state", "isotherm"):
        assert np.array_equal(by_law[name].fields.stasis, small.fields.stasis)
        assert np.array_equal(by_law[name].fields.rise, small.fields.rise)


def test_mixed_rates_change_the_light_and_so_the_heat_a_little(by_law, small):
    mixed = by_law["mixed"]
    assert not np.array_equal(mixed.fields.rise, small.fields.rise)
    one, other = (measure_zones(r).whitening.volume for r in (small, mixed))
    assert other == pytest.approx(one, rel=0.1)


@pytest.mark.compiled
def test_less_heat_leaves_with_steam_where_steam_stays_or_condenses(by_law, small):
    lost = {name: r.ledger.latent + r.ledger.vapour for name, r in by_law.items()}
    assert lost["default"] > 10.0
    for name in ("band", "yang", "steam"):
        assert lost[name] < 0.9 * lost["default"]
        stasis = [measure_zones(r).stasis.volume for r in (by_law[name], small)]
        assert stasis[0] > stasis[1]


def test_laws_for_comparison_are_named_in_the_notes(by_law):
    assert any("apparent_enthalpy_99_101" in note for note in by_law["band"].notes)
    assert any("80 % of the cells are" in note for note in by_law["three_state"].notes)
    assert not any("law for comparison" in note for note in by_law["steam"].notes)


@pytest.mark.compiled
@pytest.mark.parametrize("scheme", ["auto", "rkl2"])
def test_long_steps_hit_output_times_and_events_exactly(scheme):
    times = []
    steps = ["deliver 3 W for 21.3 s", "ramp from 3 W to 1 W over 7 s", "rest for 900 s"]
    numerics = SMALL["numerics"] | {"time_stepping": scheme, "output_interval": "170 s"}
    result = simulate(
        case(protocol={"steps": steps}, numerics=numerics),
        on_snapshot=lambda s: times.append(s.time),
    )
    assert times == [0.0, 28.3, 170.0, 340.0, 510.0, 680.0, 850.0, pytest.approx(928.3)]
    assert result.ledger.fired == pytest.approx(3 * 21.3 + 2 * 7, rel=1e-12)
    assert abs(result.ledger.balance_error) < 1e-3
    assert result.statistics.stages > 0


def zone_volumes(result):
    zones = measure_zones(result)
    return np.array([zones[name].volume for name in ("stasis", "whitening", "death")])


@pytest.mark.compiled
@pytest.mark.parametrize("scheme", ["euler", "auto", "rkl2"])
def test_steps_of_a_quarter_of_the_length_change_no_zone_by_more_than_said(scheme):
    numerics = {"spacing": "1 mm", "time_stepping": scheme}
    base = {
        "domain": {"size": "30 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
        "protocol": {"steps": ["deliver 5 W until 1800 J", "rest for 120 s"]},
    }
    quarter = {"euler": "0.17 s", "auto": "0.17 s", "rkl2": "0.125 s"}[scheme]
    long = simulate(case(**base, numerics=numerics))
    short = simulate(case(**base, numerics=numerics | {"time_step": quarter}))
    assert short.statistics.steps > 2.9 * long.statistics.steps
    assert zone_volumes(long) == pytest.approx(zone_volumes(short), rel=5e-3)


@pytest.mark.compiled
def test_auto_takes_fewer_steps_in_the_cool_down():
    steps = ["deliver 5 W for 30 s", "rest for 1800 s"]
    numerics = SMALL["numerics"] | {"spacing": "2 mm", "output_interval": "30 min"}
    numerics |= {
        "light": "diffusion"
    }  # other steps renew the light at other times: no chance in it
    auto, euler = (
        simulate(case(protocol={"steps": steps}, numerics=numerics | {"time_stepping": scheme}))
        for scheme in ("auto", "euler")
    )
    assert auto.statistics.steps < 0.4 * euler.statistics.steps
    assert auto.statistics.cell_steps < 0.8 * euler.statistics.cell_steps
    assert zone_volumes(auto) == pytest.approx(zone_volumes(euler), rel=1e-3)


@pytest.mark.compiled
def test_super_steps_give_the_same_bits_for_one_and_two_threads():
    numerics = SMALL["numerics"] | {"time_stepping": "rkl2"}
    before = numba.get_num_threads()
    results = []
    for threads in (1, 2):
        numba.set_num_threads(min(threads, before))
        results.append(simulate(case(numerics=numerics)))
    numba.set_num_threads(before)
    assert same_fields(*results)
    assert results[0].ledger == results[1].ledger


@pytest.mark.parametrize(
    "physics",
    [
        {"stasis_shift": "5 K"},
        {"stasis": "isotherm_50", "death": "three_state"},
        {"stasis": "cem43_60", "death_shift": "-2 K"},
    ],
    ids=str,
)
@pytest.mark.compiled
def test_a_probe_amid_equal_cells_has_the_damage_of_its_cells(physics):
    """Whatever the laws: between two cells alike the reading is that of both."""
    probes = [{"name": "T1", "position": ["3 mm", "1 mm", "1 mm"]}]
    numerics = {"spacing": "2 mm", "time_step": "0.5 s", "time_stepping": "euler"}
    result = simulate(case(physics=physics, probe=probes, numerics=numerics))
    z, y, x = result.grid.index(np.array([3e-3, 1e-3, 1e-3])).round().astype(int)
    for name in ("stasis", "death"):
        cell = float(getattr(result.fields, name)[z, y, x])
        assert cell > 0.0
        assert getattr(result.probe("T1"), name) == pytest.approx(cell, rel=0.05), name


@pytest.mark.parametrize("law", ["apparent_enthalpy_99_101", "effective_c_yang2007"])
@pytest.mark.compiled
def test_water_that_follows_a_curve_takes_euler_steps_throughout(law):
    fine = {
        "domain": {"size": "20 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
        "numerics": {"spacing": "1 mm"},
        "protocol": {"steps": ["deliver 5 W for 5 s", "rest for 120 s"]},
    }
    assert simulate(case(**fine)).statistics.stages > 0
    assert simulate(case(**fine, physics={"boiling": law})).statistics.stages == 0
    with pytest.raises(CaseError, match=r'time_stepping: "rkl2" does not know boiling'):
        case(physics={"boiling": law}, numerics=SMALL["numerics"] | {"time_stepping": "rkl2"})


@pytest.mark.compiled
def test_cells_larger_than_the_depth_of_light_are_said():
    tissue = {"background": "liver", "wavelength": "1470 nm"}
    coarse = simulate(case(tissue=tissue, protocol={"steps": ["deliver 1 W for 2 s"]}))
    assert any("less than a cell" in note for note in coarse.notes)
    assert not any("less than a cell" in note for note in simulate(case()).notes)
