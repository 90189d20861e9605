"""Study files: read, checked, refused with key, value, what is allowed and what to do."""

import json

import pytest

from ablsim.cohort.study import Study
from ablsim.errors import CaseError

TEXT = """\
#:schema ./study.schema.json
schema = "ablsim/study/1"
title = "Small study"

[population]
lesions = 10

[population.diameter]
distribution = "uniform"
from = "10 mm"
to = "30 mm"

[policy]
kind = "rules"

[[policy.rule]]
up_to = "40 mm"
pattern = "square"

[uncertainty]
draws = 3

[uncertainty.placement]
lateral = "3 mm"

[[observation]]
to = "40 mm"
lesions = 9
complete = 9
"""


def test_a_study_is_read_in_si_with_its_defaults():
    study = Study.from_text(TEXT)
    (policy,) = study.policies
    assert (policy.power, policy.energy, policy.spacing, policy.pull_back) == (
        5.0,
        1800.0,
        15e-3,
        12e-3,
    )
    assert (policy.direction, policy.reach, policy.until) == ((0.0, 0.0, -1.0), 9e-3, "planned")
    errors = study.uncertainty.placement
    assert (errors.lateral, errors.depth, errors.shift, errors.closest) == (
        3e-3,
        2.5e-3,
        2.5e-3,
        7.5e-3,
    )
    known = study.uncertainty
    assert (known.parameters, known.model_error, known.laws) == ("calibrated", None, "shared")
    assert (study.numerics.spacing, study.numerics.output_interval) == (2e-3, 86400.0)
    assert (study.report.complete_from, study.tissue.background) == (0.99, "liver")
    assert study.text == TEXT


def test_several_policies_are_told_apart_by_name(make_study):
    policies = [{"kind": "rules"}, {"kind": "rules", "name": "again"}]
    assert [policy.label for policy in make_study({"policy": policies}).policies] == [
        "rules",
        "again",
    ]
    with pytest.raises(CaseError, match='2 policies are called "rules"; give each its own'):
        make_study({"policy": [{"kind": "rules"}, {"kind": "rules"}]})


def test_other_numerics_keep_the_coarse_cells_of_a_study(make_study):
    study = make_study({"numerics": {"light_interval": "10 s"}})
    assert (study.numerics.spacing, study.numerics.light_interval) == (2e-3, 10.0)
    assert make_study({"numerics": {"spacing": "1 mm"}}).numerics.spacing == 1e-3


def test_the_text_of_a_study_reads_again_as_the_same(make_study):
    study = make_study(
        {"policy": [{"kind": "rules", "rule": [{"up_to": "9 cm", "pattern": "line"}]}]}
    )
    again = Study.from_text(study.text)
    assert again.policies == study.policies
    assert again.sha256 == study.sha256


def test_the_schema_allows_one_policy_or_several():
    schema = Study.json_schema()
    assert schema["title"] == "ablsim/study/1"
    assert {"population", "policy", "title", "schema"} <= set(schema["required"])
    single, several = schema["properties"]["policy"]["anyOf"]
    assert several == {"type": "array", "items": single}
    assert "null" not in json.dumps(schema)


SLIPS = [
    (("draws = 3", "draws = 0"), ("uncertainty.draws", "0", "1 to 100000")),
    (("draws = 3", "draw = 3"), ("uncertainty.draw: unknown key", 'did you mean "draws"')),
    (
        ('lateral = "3 mm"', "lateral = 3"),
        ("uncertainty.placement.lateral", "bare number 3", '"3 mm"'),
    ),
    (
        ('lateral = "3 mm"', 'lateral = "3 W"'),
        ("uncertainty.placement.lateral", "is a power", "mm"),
    ),
    (('lateral = "3 mm"', 'lateral = "30 mm"'), ("placement.lateral", "30 mm", "0 mm to 20 mm")),
    (("lesions = 10", "lesions = 100001"), ("population.lesions", "100001", "1 to 100000")),
    (('to = "30 mm"', 'to = "9 mm"'), ("population.diameter.to", "9 mm", "10 mm", "exchange")),
    (('to = "30 mm"', ""), ("population.diameter.to: is missing", 'to = "40 mm"')),
    (('"uniform"', '"normal"'), ("population.diameter.distribution", "normal", "lognormal")),
    (('"uniform"', '"lognormal"'), ("diameter.median: is missing", 'median = "25 mm"')),
    (('kind = "rules"', 'kind = "planned"'), ("policy.kind", "planner", "later version")),
    (('kind = "rules"', 'kind = "rule"'), ("policy.kind", 'did you mean "rules"')),
    (
        ('kind = "rules"', 'kind = "rules"\nplan = "p.toml"'),
        ("policy.plan: not yet", "later version"),
    ),
    (('kind = "rules"', ""), ("policy.kind: is missing", 'kind = "rules"')),
    (
        ('[policy]\nkind = "rules"\n', '[policy]\nkind = "as_reported"\n'),
        ("policy.rule: belongs to",),
    ),
    (
        ('pattern = "square"', 'pattern = "circle"'),
        ("policy.rule#1.pattern", "circle", '"triangle"'),
    ),
    (
        ('pattern = "square"', 'pattern = "square"\nplacements = "all"'),
        ("placements", "all", '"cover"'),
    ),
    (
        ('pattern = "square"', 'pattern = "square"\nplacements = 0'),
        ("placements", "1 to 100", "cover"),
    ),
    (("[[policy.rule]]", "[policy.rule]"), ("policy.rule: is a list of tables", "[[policy.rule]]")),
    (("complete = 9", "complete = 10"), ("observation#1.complete", "10 of 9", "correct")),
    (("complete = 9", ""), ("observation#1.complete", "fraction_over")),
    (
        ("complete = 9", "complete = 9\ncomplete_rate = 1.0"),
        ("observation#1.complete_rate", "remove it"),
    ),
    (("complete = 9", "complete_rate = 90"), ("complete_rate", "at most 1", "write for example")),
    (
        ("complete = 9", 'complete = 9\nmasks = "m"'),
        ("observation#1.masks: not yet", "image masks"),
    ),
    (
        ("complete = 9", 'complete = 9\nstratum = "x"'),
        ("observation#1.stratum", '"x"', "allowed are"),
    ),
    (('"ablsim/study/1"', '"ablsim/case/1"'), ("schema", "ablsim/case/1", '"ablsim/study/1"')),
    (('title = "Small study"', ""), ("title: is missing",)),
    (("lesions = 10\n", 'lesions = 10\ncsv = "p.csv"\n'), ("population.csv", "csv and lesions")),
    (("lesions = 10\n", ""), ("population.csv", "none of them")),
    (
        ("lesions = 10\n", 'lesions = 10\nmasks = "m"\n'),
        ("population.masks: not yet", "image masks"),
    ),
    (("[uncertainty]", "[report]\nclasses = []\n[uncertainty]"), ("report.classes", "not a list")),
    (
        ("[uncertainty]", '[report]\nclasses = ["30 mm", "20 mm"]\n[uncertainty]'),
        ("classes", "sort"),
    ),
    (
        ("[uncertainty]", '[numerics]\nspacing = "9 mm"\n[uncertainty]'),
        ("numerics.spacing", "4 mm"),
    ),
    (("[uncertainty]", '[physics]\nchair = "x"\n[uncertainty]'), ("physics.chair", '"char"')),
    (("[uncertainty]", "[uncertainty"), ("line 20", "cannot be read")),
]


@pytest.mark.parametrize(("change", "words"), SLIPS, ids=lambda v: str(v[-1])[:30])
def test_slips_are_refused_with_key_value_and_remedy(change, words):
    assert change[0] in TEXT
    with pytest.raises(CaseError) as refused:
        Study.from_text(TEXT.replace(*change, 1), source="small.toml")
    message = str(refused.value)
    assert message.startswith("small.toml")
    assert all(word in message for word in words), message


def test_all_problems_come_at_once_but_never_too_many():
    bad = TEXT.replace("draws = 3", "draws = 0").replace('"3 mm"', '"3 W"')
    with pytest.raises(CaseError, match="has 2 problems"):
        Study.from_text(bad)
    many = TEXT + "".join(f"\n[[observation]]\nlesion{i} = 1" for i in range(60))
    with pytest.raises(CaseError) as refused:
        Study.from_text(many)
    lines = str(refused.value).splitlines()
    assert len(lines) == 32
    assert lines[-1].strip().startswith("and ")


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(CaseError, match="there is no such file"):
        Study.from_toml(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(TEXT.replace("Small", "Kl\u00e4ine").encode("latin-1"))
    with pytest.raises(CaseError, match="is not UTF-8 text"):
        Study.from_toml(tmp_path / "latin.toml")
