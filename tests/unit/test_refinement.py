"""How fine cells have to be: chosen, certified, told, and taken up again after an interruption."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

import ablsim
from ablsim.case import Case
from ablsim.certificate import certify, coarser_cases, on_cells
from ablsim.errors import CaseError
from ablsim.refinement import LADDER, Refinement
from ablsim.storage import load, load_summary

CASE = """
schema = "ablsim/case/1"
title = "Small case"
[domain]
size = "36 mm"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "sphere"
diameter = "10 mm"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 40 s"]
[numerics]
spacing = "2 mm"
"""

OPEN = CASE.replace('spacing = "2 mm"', 'spacing = "auto"\naccuracy = 0.2')


def run_ablsim(*arguments, cwd):
    command = [sys.executable, "-m", "ablsim", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def pair(apart, spacing="1 mm"):
    return Case.from_text(
        f"""
        schema = "ablsim/case/1"
        title = "Two fibres"
        [tissue]
        background = "liver"
        [fibres]
        kind = "bare"
        pattern = "line"
        spacing = "{apart}"
        direction = [0, 0, -1]
        [protocol]
        steps = ["deliver 5 W for 40 s"]
        [numerics]
        spacing = "{spacing}"
        """
    )


class Ball:
    """Stands in for measured zones: every zone has the volume that is given."""

    tumour = None
    healthy_ablated = 0.0

    def __init__(self, volume):
        self.volume = volume
        self.along = self.across = float(np.cbrt(volume))

    def __getitem__(self, name):
        return self


def climb(case, volume):
    """Let a refinement choose, where ``volume`` says what cells of an edge [m] give."""
    refinement = Refinement(case)
    edges = []
    while not refinement.is_done:
        one = refinement.next_case()
        edges.append(one.numerics.edge)
        refinement.add(one, Ball(volume(one.numerics.edge)))
    return refinement, edges


def test_coarser_cells_are_half_as_long_again_and_twice_as_long():
    edges = [case.numerics.edge for case in coarser_cases(Case.from_text(CASE))]
    assert edges == pytest.approx([3e-3, 4e-3])
    edges = [case.numerics.edge for case in coarser_cases(pair("6 mm"))]
    assert edges == pytest.approx([1.25e-3, 1.5e-3])  # 2 mm would not tell the fibres apart


def test_cells_too_large_to_be_certified_are_refused_with_a_size_that_can():
    with pytest.raises(CaseError, match=r"cells of 1.5 mm, .* 1.25 mm .*spacing = \"0.83 mm\""):
        coarser_cases(pair("5 mm"))
    coarser_cases(pair("5 mm", "0.83 mm"))
    with pytest.raises(CaseError, match=r"cells of 4.5 mm, and at most 4 mm are allowed"):
        coarser_cases(on_cells(Case.from_text(CASE), 3e-3))
    with pytest.raises(CaseError, match="certifies itself"):
        certify(Case.from_text(OPEN))


def test_a_case_on_other_cells_is_the_same_question():
    case = Case.from_text(OPEN)
    settled = on_cells(case, 0.75e-3)
    assert settled.numerics.spacing == pytest.approx(0.75e-3)
    assert settled.numerics.accuracy is None
    assert settled.tumour == case.tumour
    assert Case.from_text(settled.to_toml()) == settled
    assert Case.from_dict(case.resolved()) == case


def test_cells_are_as_fine_as_the_accuracy_takes_and_no_finer():
    case = Case.from_text(CASE.replace('"2 mm"', '"auto"\naccuracy = 0.025'))
    # the true error falls with the square of the edge, from 10 % at 2 mm
    refinement, edges = climb(case, lambda edge: 1e-6 * (1.0 - 0.1 * (edge / 2e-3) ** 2))
    assert edges == list(LADDER[: len(edges)])
    assert edges[-1] == 0.75e-3  # 1.25 x 1.4 % and chance: the first below 2.5 %
    summary = refinement.summarise()
    assert summary["is_met"]
    assert summary["zones"]["stasis"]["volume_ml"]["extrapolated"] == pytest.approx(1.0, rel=1e-3)
    assert summary["zones"]["stasis"]["volume_ml"]["order"] == pytest.approx(2.0, rel=1e-3)


def test_a_zone_that_never_settles_ends_at_the_finest_cells_and_says_so():
    case = Case.from_text(CASE.replace('"2 mm"', '"auto"\naccuracy = 0.01'))
    steps = iter([1.0, 1.1, 0.9, 1.2, 0.8, 1.3, 0.7])
    refinement, edges = climb(case, lambda edge: 1e-6 * next(steps))
    assert edges == list(LADDER)
    assert not refinement.summarise()["is_met"]


def test_close_fibres_begin_on_the_cells_that_tell_them_apart():
    case = pair("2 mm", "auto")
    edges = climb(case, lambda edge: 1e-6)[1]
    assert edges == pytest.approx([0.5e-3, 0.375e-3, 0.25e-3])
    edges = climb(pair("1.4 mm", "auto"), lambda edge: 1e-6)[1]
    assert edges == pytest.approx([0.35e-3, 0.2625e-3, 0.175e-3])


def test_simulate_and_explain_say_who_chooses_cells():
    case = Case.from_text(OPEN)
    with pytest.raises(CaseError, match=r"ablsim.refine\(case\)"):
        ablsim.simulate(case)
    with pytest.raises(CaseError, match="leaves nothing to choose"):
        ablsim.refine(Case.from_text(CASE))
    with pytest.raises(CaseError, match="cell by cell"):
        ablsim.explain(case)
    with pytest.raises(CaseError, match="simulate the case first"):
        ablsim.estimate_band(case)


@pytest.mark.compiled
def test_refine_returns_a_result_and_how_accurate_it_is():
    case = Case.from_text(OPEN)
    result, certificate = ablsim.refine(case)
    assert result.case == certificate.case == on_cells(case, certificate.spacings[0])
    assert certificate.volume.relative <= 0.2
    again = ablsim.certify(result.case)
    assert again.zones[0]["stasis"].volume == certificate.zones[0]["stasis"].volume


@pytest.mark.compiled
def test_a_certificate_is_printed_stored_and_had_later(tmp_path):
    (tmp_path / "small.toml").write_text(CASE, encoding="utf-8")
    plain = run_ablsim("run", "small.toml", cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert load_summary(tmp_path / "small.vtkhdf")["error"]["grid"] is None
    run = run_ablsim("run", "small.toml", "--certify", "--resume", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "small.vtkhdf is finished" in run.stderr
    assert "coarser cells: run 2 of 2" in run.stderr
    assert "From runs on cells of 2, 3 and 4 mm" in run.stdout
    grid = load_summary(tmp_path / "small.vtkhdf")["error"]["grid"]
    volume = grid["zones"]["stasis"]["volume_ml"]
    assert volume["interval"][0] < volume["value"] < volume["interval"][1]
    assert run_ablsim("show", "small.vtkhdf", cwd=tmp_path).stdout.strip() in run.stdout


@pytest.mark.compiled
def test_a_case_that_leaves_its_cells_open_is_stored_on_those_chosen(tmp_path):
    (tmp_path / "open.toml").write_text(OPEN, encoding="utf-8")
    run = run_ablsim("run", "open.toml", "--json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    summary = json.loads(run.stdout)
    assert summary["numerics"]["spacing_mm"] in {1.0, 0.75, 0.5}
    assert summary["error"]["grid"]["is_met"]
    stored = load(tmp_path / "open.vtkhdf").case
    assert stored.numerics.spacing == pytest.approx(1e-3 * summary["numerics"]["spacing_mm"])
    again = run_ablsim("run", "open.toml", "--resume", cwd=tmp_path)
    assert "open.vtkhdf is finished" in again.stderr
    (tmp_path / "other.toml").write_text(OPEN.replace("40 s", "41 s"), encoding="utf-8")
    other = run_ablsim("run", "other.toml", "-o", "open.vtkhdf", "--resume", cwd=tmp_path)
    assert other.returncode == 2
    assert "result of another case" in other.stderr


@pytest.mark.compiled
def test_an_interrupted_choice_goes_on_where_it_stopped(tmp_path):
    text = OPEN.replace("40 s", "400 s") + 'checkpoint_interval = "0.1 s"\n'
    (tmp_path / "open.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ablsim", "run", "open.toml"]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for line in child.stderr:
        if line.strip().startswith("30 %"):
            break
    child.send_signal(signal.SIGINT)
    errors = child.stderr.read()
    assert child.wait() == 130
    assert "--resume" in errors
    run = run_ablsim("run", "open.toml", "--resume", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "resuming at" in run.stderr
    assert load_summary(tmp_path / "open.vtkhdf")["error"]["grid"]["is_met"]


def test_an_unfinished_run_that_is_not_gone_on_with_is_said(tmp_path, monkeypatch, capsys):
    from ablsim import refinement, refining
    from ablsim.storage import checkpoint_path

    place = checkpoint_path(tmp_path / "open.vtkhdf")
    place.write_bytes(b"")
    monkeypatch.setattr(refinement.Refinement, "is_done", property(lambda _: True))
    with pytest.raises(CaseError):
        refining.refine_into(
            Case.from_text(OPEN), tmp_path / "open.vtkhdf", resume=False, quiet=True
        )
    assert f"an unfinished run left {place}" in capsys.readouterr().err
