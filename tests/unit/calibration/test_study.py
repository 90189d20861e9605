"""A calibration from rows to record, text, picture and posterior, with made-up runs."""

import json
import math

import numpy as np
import pytest

from ablsim.calibration import calibrate, describe_calibration, study, to_posterior
from ablsim.calibration.prediction import leave_sources_out
from ablsim.calibration.runs import Outcome
from ablsim.calibration.text import render_calibration
from ablsim.errors import CaseError, UnfinishedError
from ablsim.uncertainty.draws import draw_factors
from ablsim.uncertainty.posterior import read_posterior, write_posterior
from ablsim.validation.answer import Answer
from ablsim.view.calibration import draw_calibration
from ablsim.zone import Zone

ROWS = ("albrecht98_1_occl", "heis97_diff", "sheep_4W")


def diameter_of(case):
    """A made-up law: larger with more light, smaller with a higher threshold."""
    fibre = case.fibres_all[0]
    emitted = 5.0 * fibre.transmission * case.protocol.laser_time / 840.0
    native = case.tissue.find(case.tissue.background).optical.native.absorption.si
    size = 24e-3 * emitted**0.4 * (native / 50.0) ** 0.02
    size *= math.exp(-0.02 * case.physics.whitening_shift)
    return size * (1.02 if case.numerics.spacing < 1.5e-3 else 1.0)


def make_up(cases, folder, *, workers, on_done=None, check=None, broken=()):
    assert folder.name == "calibration"  # measure_all makes its own folder in it
    answers, failed = {}, {}
    for name, case in cases.items():
        if name in broken:
            failed[name] = "its process was ended from outside"
            continue
        size = diameter_of(case)
        zone = Zone(math.pi / 6.0 * size**3, (size, size, size), size, size, 1.0, 1)
        zones = dict.fromkeys(("stasis", "whitening", "death"), zone)
        answers[name] = Answer(zones, {}, {}, 0.0)
    on_done(len(cases), len(cases))
    return Outcome(answers, failed, len(answers))


def leave_out_briefly(*problem, **options):
    return leave_sources_out(*problem, **{**options, "steps_max": 300})


def run(monkeypatch, folder, broken=(), **options):
    monkeypatch.setattr(study, "measure_all", lambda *a, **k: make_up(*a, **k, broken=broken))
    monkeypatch.setattr(study, "STEPS_MAX", 2400)
    monkeypatch.setattr(study, "leave_sources_out", leave_out_briefly)
    told = []
    found = calibrate(
        ROWS,
        folder=folder,
        runs=32,
        on_run=lambda *numbers: told.append(numbers),
        on_stage=told.append,
        **options,
    )
    return found, told


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return run(patch, tmp_path_factory.mktemp("made") / "calibration", broken=("sheep_4W/3",))


def test_it_says_what_it_does_and_lists_what_failed(found):
    calibration, told = found
    assert "sampling the posterior" in told
    assert sum(str(text).startswith("sampling without") for text in told) == 3
    assert list(calibration.failed) == ["sheep_4W/3"]
    assert [row.surrogate.n_runs for row in calibration.rows] == [32, 32, 31]


def test_surrogates_know_the_law_and_carry_the_grid_over(found):
    calibration, _ = found
    for row in calibration.rows:
        assert row.surrogate.error < 0.01
        assert row.offset == pytest.approx(math.log(1.02))


def test_the_data_move_what_they_bear_on(found):
    """All three lesions depend on the threshold of whitening, the sheep's alone on bare fibres."""
    calibration, _ = found
    names = [factor.name for factor in calibration.factors]
    table = describe_calibration(calibration)
    entries = {entry["name"]: entry for entry in table["parameters"]}
    assert set(names) == set(entries)
    assert entries["whitening threshold"]["narrowed_to"] < 0.8
    assert entries["scattering of light"]["narrowed_to"] == pytest.approx(1.0, abs=0.1)
    assert entries["transmission of diffusers"]["default"] == 0.7
    rows = {row["id"]: row for row in table["rows"]}
    assert rows["heis97_diff"]["kind"] == "maximum"
    prior, after = (rows["sheep_4W"][which]["typical_mm"] for which in ("prior", "posterior"))
    assert after[2] - after[0] < prior[2] - prior[0]


def test_a_record_is_plain_json_and_its_text_can_be_read(found):
    calibration, _ = found
    table = json.loads(json.dumps(describe_calibration(calibration), allow_nan=False))
    text = render_calibration(table)
    assert max(map(len, text.splitlines())) <= 102
    for words in (
        "albrecht98_1_occl",
        "<= 26.7",
        "Left out, then predicted",
        "Runs without a result: 1",
        "sheep_4W/3",
        "The defaults of cases stay",
        "Not for clinical decisions",
    ):
        assert words in text
    assert "nan" not in text


def test_the_left_out_rows_are_counted(found):
    calibration, _ = found
    assert [one.source for one in calibration.left_out] == list(
        dict.fromkeys(row.observation.source for row in calibration.rows)
    )
    coverage = calibration.coverage
    assert (coverage.n, coverage.one_sided) == (2, 1)
    gaps = [
        row.typical[1] - observation.log_d
        for one in calibration.left_out
        for row in one.rows
        for observation in (r.observation for r in calibration.rows)
        if row.id == observation.id and observation.kind == "two-sided"
    ]
    assert coverage.rms == pytest.approx(math.sqrt(np.mean(np.square(gaps))))


def test_a_picture_is_drawn(found, tmp_path):
    draw_calibration(found[0], tmp_path / "calibration.png")
    assert (tmp_path / "calibration.png").read_bytes().startswith(b"\x89PNG")


def test_its_posterior_is_what_bands_draw(found, tmp_path):
    calibration, _ = found
    if not calibration.posterior.diagnostics.is_converged:
        pytest.fail(calibration.posterior.diagnostics.verdict)
    write_posterior(to_posterior(calibration), tmp_path / "posterior.json")
    posterior = read_posterior(tmp_path / "posterior.json")
    assert posterior.provenance["settings"]["runs"] == 32
    assert [row["id"] for row in posterior.provenance["rows"]] == [
        row.observation.id for row in calibration.rows
    ]
    draws = draw_factors(calibration.factors, posterior=posterior)
    assert draws.known == tuple(range(len(calibration.factors)))
    mean = calibration.posterior.coordinates.mean(axis=0)
    assert draws.coordinates.mean(axis=0) == pytest.approx(mean, abs=0.15)


def test_what_has_not_converged_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "measure_all", make_up)
    monkeypatch.setattr(study, "STEPS_MAX", 60)
    found = calibrate(ROWS, folder=tmp_path / "calibration", runs=16, on_run=lambda *run: None)
    assert not found.is_converged
    assert "not converged" in render_calibration(describe_calibration(found))
    with pytest.raises(UnfinishedError, match="nothing is written"):
        to_posterior(found)


def test_a_row_without_its_unvaried_run_cannot_be_used(monkeypatch, tmp_path):
    with pytest.raises(UnfinishedError, match=r"sheep_4W/fine.*ended from outside"):
        run(monkeypatch, tmp_path / "calibration", broken=("sheep_4W/fine",))


def test_a_wrong_row_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(CaseError, match="no lesion"):
        calibrate(["nothing"], folder=tmp_path / "none")
    assert not (tmp_path / "none").exists()
