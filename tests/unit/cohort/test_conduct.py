"""A study from its text to its summary: the same bytes however it was computed."""

import csv
import json

import pytest

from ablsim.cohort import Study, run_cohort
from ablsim.cohort.run import Shard
from ablsim.cohort.summary_text import render_cohort
from ablsim.errors import CaseError
from ablsim.view.cohort import draw_cohort

pytest.importorskip("distributed")

POLICIES = [
    {"kind": "rules", "name": "by size"},
    {"kind": "as_reported", "energy_per_treatment": "7500 J", "treatments": 1.6},
]
CHANGES = {
    "policy": POLICIES,
    "population.stratum": [
        {"name": "vascular", "weight": 1, "tissue": "net_metastasis"},
        {"name": "poor", "weight": 1, "tissue": "net_metastasis", "perfusion": "hypovascular"},
    ],
    "observation": [{"to": "40 mm", "lesions": 9, "complete": 9}],
}
TINY = {
    "title": "Tiny lesions on coarse cells",
    "population": {
        "lesions": 3,
        "diameter": {"distribution": "list", "values": ["8 mm", "12 mm"]},
    },
    "policy": {
        "kind": "rules",
        "energy": "400 J",
        "rule": [{"up_to": "20 mm", "pattern": "single"}],
    },
    "uncertainty.draws": 2,
    "numerics": {"spacing": "4 mm", "light_interval": "20 s"},
}


def outputs(folder):
    return [(folder / name).read_bytes() for name in ("summary.json", "lesions.csv")]


def test_the_summary_is_the_same_for_any_workers_and_shards(tmp_path, make_study, quick):
    study, counts = make_study(CHANGES), (0, 1, 2)
    for workers in counts:
        run_cohort(study, tmp_path / f"w{workers}", workers=workers, compute=quick)
    shards = tmp_path / "shards"
    for number in (2, 3, 1):
        summary = run_cohort(study, shards, workers=0, shard=Shard(number, 3), compute=quick)
        assert (summary["missing"] > 0) == (number != 1)
        assert (shards / "summary.json").exists() == (number == 1)
    first = outputs(tmp_path / "w0")
    names = ("shards", *(f"w{workers}" for workers in counts))
    assert all(outputs(tmp_path / name) == first for name in names)
    summary = json.loads(first[0])
    assert (summary["schema"], summary["cases"], summary["done"]) == ("ablsim/cohort/1", 24, 24)
    assert "wall" not in first[0].decode()
    assert json.loads((tmp_path / "w0" / "wall.json").read_text())["cases_s"] == pytest.approx(6.0)


@pytest.mark.slow
@pytest.mark.compiled
def test_real_cases_give_the_same_summary_for_workers_and_shards(tmp_path, make_study):
    study = make_study(TINY)
    for name, keys in (("here", {"workers": 0}), ("workers", {"workers": 2})):
        run_cohort(study, tmp_path / name, **keys)
    for number in (1, 2, 3):
        run_cohort(study, tmp_path / "shards", workers=0, shard=Shard(number, 3))
    first = outputs(tmp_path / "here")
    assert all(outputs(tmp_path / name) == first for name in ("workers", "shards"))
    summary = json.loads(first[0])
    assert (summary["done"], summary["failed"]) == (6, 0)
    assert 0.0 < summary["classes"][0]["ablated_fraction"]["median"] <= 1.0


def test_a_study_that_is_there_computes_nothing_and_a_larger_one_only_what_is_new(
    tmp_path, make_study, quick
):
    run_cohort(make_study(), tmp_path / "f", workers=0, compute=quick)
    first = outputs(tmp_path / "f")

    def never(text, threads):
        raise AssertionError(text)

    again = run_cohort(make_study(), tmp_path / "f", workers=0, compute=never)
    assert outputs(tmp_path / "f") == first
    assert again == json.loads(first[0])
    computed = []

    def count(text, threads):
        computed.append(text)
        return quick(text)

    more = {"uncertainty.draws": 3, "population.lesions": 8}
    run_cohort(make_study(more), tmp_path / "f", workers=0, compute=count)
    assert len(computed) == 8 * 3 - 6 * 2


def test_equal_cases_are_computed_once(tmp_path, make_study, quick):
    computed = []

    def count(text, threads):
        computed.append(text)
        return quick(text)

    exact = {
        "uncertainty.parameters": "none",
        "uncertainty.placement": {"lateral": "0 mm", "depth": "0 mm", "shift": "0 mm"},
        "population.diameter": {"distribution": "list", "values": ["15 mm", "25 mm"]},
    }
    summary = run_cohort(make_study(exact), tmp_path / "f", workers=0, compute=count)
    assert len(computed) == len(set(computed)) == 2
    assert (summary["cases"], summary["distinct_cases"], summary["done"]) == (12, 2, 12)


def test_studies_that_share_their_results_compute_equal_cases_once(tmp_path, make_study, quick):
    computed = []

    def count(text, threads):
        computed.append(text)
        return quick(text)

    keys = {"workers": 0, "compute": count, "results": tmp_path / "shared"}
    run_cohort(make_study(), tmp_path / "one", **keys)
    other = make_study({"title": "Another one", "population.lesions": 8})
    run_cohort(other, tmp_path / "other", **keys)
    assert len(computed) == len(set(computed)) == 8 * 2
    assert len(list((tmp_path / "shared").glob("*/*.json"))) == 16
    assert not (tmp_path / "one" / "results").exists()
    run_cohort(make_study(), tmp_path / "alone", workers=0, compute=quick)
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "one")


def test_a_failed_case_is_listed_with_its_reason_and_the_command_that_repeats_it(
    tmp_path, make_study, quick
):
    bad = []

    def compute(text, threads):
        if not bad:
            bad.append(text)
            msg = "nothing but trouble"
            raise CaseError(msg)
        return quick(text)

    folder = tmp_path / "f"
    summary = run_cohort(make_study(), folder, workers=0, compute=compute)
    assert (summary["done"], summary["failed"], summary["missing"]) == (11, 1, 0)
    (failure,) = summary["failures"]
    assert failure["lesion"] == "L1"
    assert failure["reason"] == "nothing but trouble"
    name = failure["command"].split()[2]
    assert (folder / name).read_text(encoding="utf-8") == bad[0]
    text = render_cohort(summary, "f")
    assert "L1, rules, draw 1: nothing but trouble" in text
    assert f"cd f && ablsim run {name} --force" in text


def test_a_damaged_result_is_computed_again(tmp_path, make_study, quick):
    folder = tmp_path / "f"
    run_cohort(make_study(), folder, workers=0, compute=quick)
    first = outputs(folder)
    victim = next(iter(folder.glob("results/*/*.json")))
    victim.write_text("{", encoding="utf-8")
    run_cohort(make_study(), folder, workers=0, compute=quick)
    assert outputs(folder) == first


def test_every_lesion_has_a_row_for_each_policy(tmp_path, make_study, quick):
    run_cohort(make_study(CHANGES), tmp_path / "f", workers=0, compute=quick)
    with (tmp_path / "f" / "lesions.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["lesion"], row["policy"]) for row in rows[:3]] == [
        ("L1", "by size"), ("L1", "as_reported"), ("L2", "by size")
    ]  # fmt: skip
    assert len(rows) == 12
    assert all(0.0 < float(row["ablated_fraction_median"]) <= 1.0 for row in rows)


def test_lesions_of_a_file_are_compared_one_by_one(tmp_path, quick):
    rows = [
        f"P{i},{15 + i},{5000 + 100 * i},{8 + i % 4},{0.85 + 0.01 * i:.2f},no" for i in range(12)
    ]
    header = "id,diameter [mm],energy per treatment [J],observed volume [mL],observed fraction,"
    text = "\n".join([f"{header}observed complete", *rows])
    (tmp_path / "patients.csv").write_text(text, encoding="utf-8")
    table = {
        "schema": "ablsim/study/1",
        "title": "Twelve patients, whose file says what they got and what was seen",
        "population": {"csv": "patients.csv"},
        "policy": {"kind": "as_reported"},
        "uncertainty": {"draws": 3},
    }
    study = Study.from_dict(table, folder=tmp_path)
    summary = run_cohort(study, tmp_path / "f", workers=0, compute=quick)
    (found,) = summary["agreement"]
    assert (found["fraction"]["n"], found["volume_ml"]["n"], found["complete"]["n"]) == (12, 12, 12)
    assert found["complete"]["observed"] == 0.0
    assert summary["classes"][0]["observed"]["complete_rate"]["of"] == 6
    text = render_cohort(summary)
    assert "ablated share of 12 lesions: predicted - observed" in text
    assert "limits of agreement" in text
    assert "calibration slope" in text
    draw_cohort(summary, tmp_path / "f" / "cohort.png")
    assert (tmp_path / "f" / "cohort.png").stat().st_size > 10_000


def test_what_a_policy_cannot_do_is_said_before_anything_is_computed(tmp_path, make_study, quick):
    rule = [{"up_to": "20 mm", "pattern": "single"}]
    with pytest.raises(CaseError, match=r'"rules": no rule holds for L\d of'):
        run_cohort(make_study({"policy.rule": rule}), tmp_path / "f", workers=0, compute=quick)
    coarse = make_study({"numerics": {"spacing": "4 mm"}})
    with pytest.raises(CaseError, match=r"numerics.spacing: 4 mm is over a quarter"):
        run_cohort(coarse, tmp_path / "f", workers=0, compute=quick)
    assert not (tmp_path / "f").exists()


def test_the_text_says_what_was_asked_and_what_came_out(tmp_path, make_study, quick):
    summary = run_cohort(make_study(CHANGES), tmp_path / "f", workers=0, compute=quick)
    text = render_cohort(summary)
    assert "6 lesions, longest axis" in text
    assert 'Policy "by size"' in text
    assert "up to 40 mm: 9 of 9 complete (66 to 100 % at 95 %)" in text
    assert "all are complete with probability" in text
    assert "Does the report agree with physics?" in text
    assert "  9 or more complete, up to 40 mm: " in text
    assert "vascular" in text
    assert "Not for clinical decisions" in text
    assert max(map(len, text.splitlines())) < 200


def test_of_a_population_that_is_many_times_larger_the_rate_is_compared(
    tmp_path, make_study, quick
):
    changes = {
        "population.lesions": 40,
        "uncertainty.draws": 20,
        "uncertainty.model_error": 0.0,
        "observation": [{"lesions": 9, "complete": 9}, {"lesions": 900, "complete": 1}],
    }
    summary = run_cohort(make_study(changes), tmp_path / "f", workers=0, compute=quick)
    text = render_cohort(summary)
    rate = summary["observations"][0]["predicted"]["complete_rate"]
    assert rate["high"] < 0.66  # of the nine, all of which were complete
    assert "9 of 9 complete, all lesions: no with " in text
    assert "9 or more" not in text
    assert "1 or more complete, all lesions: yes with " in text
    draw_cohort(summary, tmp_path / "f" / "cohort.png")


def test_a_picture_is_drawn(tmp_path, make_study, quick):
    summary = run_cohort(make_study(CHANGES), tmp_path / "f", workers=0, compute=quick)
    draw_cohort(summary, tmp_path / "f" / "cohort.png")
    assert (tmp_path / "f" / "cohort.png").read_bytes().startswith(b"\x89PNG")
