"""`ablsim plan` as a user meets it: files, messages, exit statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.planning.as_placed import read_positions
from ablsim.planning.request import Request
from ablsim.planning.span import Span, parse_span
from ablsim.planning.subject import describe_subject, make_subject
from ablsim.planning.wish import Wish, find_subject, make_request, parse_diameters
from ablsim.prescribing import check_paths
from ablsim.quantities import ENERGY, LENGTH

SMALL = (
    "plan --diameter", "9 mm", "--max-fibres", "1", "--energies", "1200 J, 1500 J", "--powers",
    "5 W", "--max-illuminations", "1", "--probability", "0.6", "--placement-error", "none",
    "--draws", "8", "--workers", "0",
)  # fmt: skip


def ablsim(*arguments, cwd):
    words = [
        part for word in arguments for part in ([*word.split()] if "plan " in word else [word])
    ]
    return subprocess.run(
        [sys.executable, "-m", "ablsim", *words], cwd=cwd, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    return folder, ablsim(*SMALL, cwd=folder)


@pytest.mark.compiled
def test_a_plan_leaves_a_case_a_sheet_an_answer_and_a_picture(planned):
    folder, done = planned
    assert done.returncode == 0, done.stderr
    assert "PLAN for net_metastasis of 9 mm" in done.stdout
    assert "Not for clinical decisions" in done.stdout
    case = Case.from_toml(folder / "plan.toml")
    assert case.tumour.diameter == pytest.approx(9e-3)
    answer = json.loads((folder / "plan.json").read_text())
    assert answer["schema"] == "ablsim/plan/1"
    assert answer["feasible"]
    assert answer["plan"]["fibres"] == 1
    assert answer["plan"]["energy_total_j"] == pytest.approx(
        case.protocol.energy_fired([fibre.name for fibre in case.fibres_all])
    )
    low, high = answer["predicted"]["p_complete_ci"]
    assert low <= answer["predicted"]["p_complete"] <= high
    assert (folder / "plan.txt").read_text().startswith("PLAN")
    assert (folder / "plan.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.compiled
def test_the_same_demand_again_computes_nothing(planned):
    folder, _ = planned
    first = json.loads((folder / "plan.json").read_text())
    done = ablsim(*SMALL, "--force", "--json", cwd=folder)
    again = json.loads(done.stdout)
    assert again["computed"] == 0
    assert again["evaluations"] == first["evaluations"]
    for part in ("plan", "predicted", "pareto", "active_constraints"):
        assert again[part] == first[part]


@pytest.mark.compiled
def test_an_existing_plan_is_not_replaced_unasked(planned):
    folder, _ = planned
    done = ablsim(*SMALL, cwd=folder)
    assert done.returncode == 2
    assert "exists already" in done.stderr


@pytest.mark.compiled
def test_a_table_is_made_plan_by_plan_and_found_again(tmp_path):
    words = [
        *SMALL[2:], "--table", "--diameters", "8 mm", "--tissue", "net_metastasis", "-o", "sizes",
    ]  # fmt: skip
    done = ablsim("plan ", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "sizes" / "table.csv").read_text().splitlines()
    assert len(rows) == 3  # normal and embolised, under the heading
    assert (tmp_path / "sizes" / "table.png").exists()
    assert len(list((tmp_path / "sizes" / "plans").glob("*.toml"))) == 2
    again = ablsim("plan ", *words, "--json", cwd=tmp_path)
    table = json.loads(again.stdout)
    assert [row["diameter_mm"] for row in table["rows"]] == [8.0, 8.0]
    assert (tmp_path / "sizes" / "table.csv").read_text().splitlines() == rows


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan"], "give a case file or --diameter"),
        (["plan", "--diameter", "35"], "tumour.diameter"),
        (["plan", "--diameter", "35 W"], "tumour.diameter"),
        (["plan", "--diameter", "35 mm", "--tissue", "cheese"], "cheese"),
        (["plan", "--diameter", "35 mm", "--perfusion", "wild"], "perfusion"),
        (["plan", "--diameter", "35 mm", "--probability", "2"], "probability 2.0"),
        (["plan", "--diameter", "35 mm", "--max-fibres", "9"], "max fibres 9"),
        (["plan", "--diameter", "35 mm", "--spacings", "15"], "--spacings"),
        (["plan", "--diameter", "35 mm", "--spacings", "1 mm"], "5 mm to 60 mm"),
        (["plan", "--diameter", "35 mm", "--powers", "3 W to 5 W to 7 W"], "two ends"),
        (["plan", "--diameter", "35 mm", "--session-energy", "10 kW"], "--session-energy"),
        (["plan", "--diameter", "35 mm", "--direction", "down"], "--direction"),
        (["plan", "--diameter", "35 mm", "--firing", "twice"], "--firing"),
        (["plan", "--diameter", "35 mm", "--placement-error", "big"], "--placement-error"),
        (["plan", "--diameter", "35 mm", "--weights", "joy=3"], "--weights"),
        (["plan", "--diameter", "35 mm", "--draws", "3"], "draws 3"),
        (["plan", "--diameter", "35 mm", "--cells", "5 mm"], "--cells"),
        (["plan", "--diameter", "35 mm", "--workers", "-1"], "--workers -1"),
        (["plan", "--diameter", "35 mm", "-o", "none/plan.toml"], "no folder none"),
        (["plan", "--diameter", "35 mm", "-o", "plan.vtkhdf"], "plan.toml"),
        (["plan", "--diameter", "35 mm", "--as-placed", "no.csv"], "--as-placed no.csv"),
        (["plan", "--table", "--diameter", "35 mm"], "--table"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(words, message, tmp_path, capsys, monkeypatch):
    from ablsim import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ablsim", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_spans_are_values_or_anything_between():
    assert parse_span("18 mm, 15 mm", "s", LENGTH) == Span((15e-3, 18e-3))
    assert parse_span("1.5 cm", "s", LENGTH) == Span((15e-3,))
    between = parse_span("600 J to 1.8 kJ", "e", ENERGY)
    assert between == Span((600.0, 1800.0), is_continuous=True)
    assert between.levels(4) == pytest.approx((600.0, 1000.0, 1400.0, 1800.0))
    assert between.nearest(2000.0) == 1800.0
    assert Span((15e-3, 18e-3)).nearest(16e-3) == 15e-3
    assert Span((15e-3, 18e-3)).at_least(16e-3) == 18e-3
    assert Span((15e-3, 18e-3)).at_least(19e-3) is None


def test_the_wish_becomes_a_request():
    case = find_subject(None, diameter="25 mm", tissue=None, perfusion="embolised", margin="5 mm")
    assert case.tumour.perfusion == "embolised"
    request = make_request(
        case,
        Wish(spacings="15 mm, 18 mm", session_energy="10 kJ", session_time="20 min",
             placement_error="freehand", directions=("0, 1, -1",), cells="2 mm"),
    )  # fmt: skip
    assert request.spacings == Span((15e-3, 18e-3))
    assert request.limits.energy == 10e3
    assert request.limits.laser_time == 1200.0
    assert request.errors.lateral == 4e-3
    assert request.fine == request.checked_on(20e-3) == request.checked_on(80e-3) == 2e-3
    assert Request().fine == Request().checked_on(20e-3) == 1e-3
    assert Request().checked_on(80e-3) == 2e-3
    assert request.directions[0] == pytest.approx((0.0, 0.5**0.5, -(0.5**0.5)))


def test_a_case_says_where_needles_come_from():
    case = find_subject(
        Path("examples/patient.toml"), diameter=None, tissue=None, perfusion=None, margin=None
    )
    assert make_request(case, Wish()).directions == ((0.0, 0.0, -1.0),)


def test_positions_are_read_and_checked(tmp_path):
    table = tmp_path / "seen.csv"
    table.write_text("fibre,x_mm,y_mm,z_mm\nF1,0,1,2\nF2,15,1,3\n")
    assert read_positions(table) == ((0.0, 1e-3, 2e-3), (15e-3, 1e-3, 3e-3))
    for text, message in (
        ("x,y\n1,2\n", "columns"),
        ("x_mm,y_mm,z_mm\n1,two,3\n", "line 2"),
        ("x_mm,y_mm,z_mm\n1,2,nan\n", "line 2"),
        ("x_mm,y_mm,z_mm\n" + "1,2,3\n" * 5, "5 fibres"),
    ):
        table.write_text(text)
        with pytest.raises(CaseError, match=message):
            read_positions(table)


def test_paths_and_sizes(tmp_path):
    check_paths(tmp_path / "a.toml", force=False)
    assert parse_diameters(["20 mm", "1 cm"]) == (10e-3, 20e-3)
    assert parse_diameters(["20 mm, 1 cm"]) == (10e-3, 20e-3)
    with pytest.raises(CaseError, match="--diameters"):
        parse_diameters(["20"])


def test_a_tumour_that_no_layout_of_fibres_could_treat_is_refused():
    whole = describe_subject(
        diameter="160 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    with pytest.raises(CaseError, match="160 mm across; plans are made up to 150 mm"):
        make_subject(whole)
