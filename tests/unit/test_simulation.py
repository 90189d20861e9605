"""The coupling of light, heat and damage, on small cases."""

import itertools

import numba
import numpy as np
import pytest

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.simulation import simulate
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
        simulate(case(numerics={"spacing": "2 mm", "time_step": "10 s"}))


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
        simulate(case(fibre=[SMALL["fibre"][0] | {"tip": [f"{x} mm", "0 mm", "0 mm"]}]))
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
