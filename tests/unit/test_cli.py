"""The command line as a user meets it: a child process, its output and its exit status."""

import json
import signal
import subprocess
import sys
import time

import pytest

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
margin = "2 mm"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 40 s"]
[numerics]
spacing = "2 mm"
"""


def ablsim(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "ablsim", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "small.toml").write_text(CASE, encoding="utf-8")
    return folder, ablsim("run", "small.toml", cwd=folder)


def test_run_leaves_a_result_and_a_picture_and_says_so(done):
    folder, run = done
    assert run.returncode == 0, run.stderr
    assert (folder / "small.vtkhdf").stat().st_size > 10_000
    assert (folder / "small.png").read_bytes().startswith(b"\x89PNG")
    assert not list(folder.glob("*.part"))
    assert "small.vtkhdf" in run.stdout
    assert "Not for clinical decisions" in run.stdout
    assert "120 s of rest were added" in run.stdout
    assert "100 %" in run.stderr
    assert "Traceback" not in run.stderr


def test_an_existing_result_is_not_replaced_unasked(done):
    folder, _ = done
    before = (folder / "small.vtkhdf").read_bytes()
    again = ablsim("run", "small.toml", cwd=folder)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (folder / "small.vtkhdf").read_bytes() == before


def test_show_needs_only_the_result(done, tmp_path):
    folder, run = done
    shown = ablsim("show", folder / "small.vtkhdf", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() in run.stdout
    summary = json.loads(ablsim("show", folder / "small.vtkhdf", "--json", cwd=tmp_path).stdout)
    assert summary["schema"] == "ablsim/summary/1"
    assert summary["tumour"]["diameter_mm"] == pytest.approx(10.0)
    assert abs(summary["energy_j"]["balance_error"]) < 1e-3


def test_json_prints_one_object_and_nothing_else(done):
    folder, _ = done
    run = ablsim("run", "small.toml", "-o", "again.vtkhdf", "--json", cwd=folder)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["zones"]["stasis"]["pieces"] == 1
    assert run.stderr == ""


def test_cite_names_sources_of_case_and_result_alike(done):
    folder, _ = done
    of_case = ablsim("cite", "small.toml", cwd=folder)
    of_result = ablsim("cite", "small.vtkhdf", cwd=folder)
    assert of_case.returncode == 0, of_case.stderr
    assert of_case.stdout == of_result.stdout
    assert "Hasgall2022" in of_case.stdout
    assert ablsim("cite", "small.toml", "--bibtex", cwd=folder).stdout.count("@") > 3


def test_view_draws_again(done):
    folder, _ = done
    view = ablsim("view", "small.vtkhdf", "--png", "picture.png", cwd=folder)
    assert view.returncode == 0, view.stderr
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"deliver 5 W for 40 s"', '"deliver 5 J for 40 s"'), ("protocol.steps", "W")),
        (('spacing = "2 mm"', "spacing = 2"), ("numerics.spacing", "unit")),
        (('"liver"', '"lever"'), ("tissue.background", "liver")),
        (("[domain]", "[domian]"), ("domian", "domain")),
        (('spacing = "2 mm"', "accuracy = 0.01"), ("accuracy", 'spacing = "auto"')),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(tmp_path, change, words):
    (tmp_path / "wrong.toml").write_text(CASE.replace(*change), encoding="utf-8")
    run = ablsim("run", "wrong.toml", cwd=tmp_path)
    assert run.returncode == 2
    assert all(word in run.stderr for word in words), run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.toml"]


def test_missing_and_foreign_files_are_refused(tmp_path):
    (tmp_path / "foreign.vtkhdf").write_bytes(b"not a result")
    for command in (("run", "no.toml"), ("show", "no.vtkhdf"), ("show", "foreign.vtkhdf")):
        run = ablsim(*command, cwd=tmp_path)
        assert run.returncode == 2
        assert run.stderr.startswith("ablsim: ")
        assert "Traceback" not in run.stderr


def test_schema_is_json(tmp_path):
    schema = json.loads(ablsim("schema", cwd=tmp_path).stdout)
    assert "protocol" in schema["properties"]


def test_doctor_finds_this_machine_fit(tmp_path):
    doctor = ablsim("doctor", cwd=tmp_path)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "compiled loops" in doctor.stdout


def test_help_lists_the_commands(tmp_path):
    text = ablsim("--help", cwd=tmp_path).stdout
    assert all(name in text for name in ("run", "show", "view", "cite", "schema", "doctor"))


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("number", "delay"),
    [(signal.SIGINT, 0.0), (signal.SIGINT, 0.7), (signal.SIGINT, 1.4), (signal.SIGTERM, 1.0)],
)
def test_interrupt_ends_with_130_and_leaves_only_a_checkpoint(tmp_path, number, delay):
    """Wherever it comes: compiling, stepping, or in the middle of what HDF5 writes."""
    (tmp_path / "long.toml").write_text(
        CASE.replace("40 s", "2 h").replace('2 mm"', '1 mm"'), encoding="utf-8"
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "ablsim", "run", "long.toml"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(tmp_path.glob("*.part")):
        time.sleep(0.1)
    assert list(tmp_path.glob("*.part"))
    time.sleep(delay)
    child.send_signal(number)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert "--resume" in errors
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["long.toml", "long.vtkhdf.checkpoint"]


@pytest.mark.compiled
def test_a_band_is_printed_stored_and_the_same_in_json(done):
    folder, _ = done
    run = ablsim("run", "small.toml", "-o", "band.vtkhdf", "--band", cwd=folder)
    assert run.returncode == 0, run.stderr
    assert "band: run 12 of 12" in run.stderr
    assert "What it hangs on" in run.stdout
    assert "How sure" not in run.stdout
    shown = ablsim("show", "band.vtkhdf", cwd=folder)
    assert shown.stdout.strip() in run.stdout
    band = json.loads(ablsim("show", "band.vtkhdf", "--json", cwd=folder).stdout)["error"]["band"]
    low, middle, high = band["zones"]["stasis"]["volume_ml"]
    assert 0.0 <= low < middle < high
    # each share is what would go if one thing alone were known: what lesions tell together of
    # two things is in both or in neither
    assert sum(band["shares"]["volume"].values()) == pytest.approx(1.0, abs=0.15)
    again = ablsim("run", "small.toml", "-o", "band2.vtkhdf", "--band", "--json", cwd=folder)
    assert again.stderr == ""
    assert json.loads(again.stdout)["error"]["band"] == band


@pytest.mark.compiled
def test_an_interrupted_band_leaves_the_result_complete(tmp_path):
    (tmp_path / "small.toml").write_text(CASE, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, "-m", "ablsim", "run", "small.toml", "--band"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert any(line.startswith("band: run 2 ") for line in child.stderr)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "small.vtkhdf is complete, but has no band" in errors
    assert "Traceback" not in errors
    shown = json.loads(ablsim("show", "small.vtkhdf", "--json", cwd=tmp_path).stdout)
    assert shown["error"]["band"] is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.png", "small.toml", "small.vtkhdf"]


def test_a_band_that_cannot_be_had_is_refused_before_anything_is_computed(tmp_path):
    text = CASE + '\n[physics]\nstasis_shift = "20 K"\n'
    (tmp_path / "shifted.toml").write_text(text, encoding="utf-8")
    refused = ablsim("run", "shifted.toml", "--band", cwd=tmp_path)
    assert refused.returncode == 2
    assert "a run of the band: physics.stasis_shift" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["shifted.toml"]


@pytest.fixture(scope="module")
def seen(done):
    """Masks beside the result: a ball that was seen, and one with two labels."""
    sitk = pytest.importorskip("SimpleITK")
    folder, _ = done
    image = sitk.GaussianSource(sitk.sitkFloat32, [31] * 3, [4.0] * 3, [15.0] * 3)
    image.SetOrigin([-15.0] * 3)
    sitk.WriteImage(sitk.Cast(image > 100.0, sitk.sitkUInt8), str(folder / "seen.nii.gz"))
    two = sitk.Cast(image > 100.0, sitk.sitkUInt8) + sitk.Cast(image > 200.0, sitk.sitkUInt8)
    sitk.WriteImage(two, str(folder / "two.nrrd"))
    return folder


def test_compare_says_how_well_a_marked_zone_agrees(seen):
    compared = ablsim("compare", "small.vtkhdf", "seen.nii.gz", cwd=seen)
    assert compared.returncode == 0, compared.stderr
    assert "Zone of stasis beside seen.nii.gz" in compared.stdout
    assert "Dice" in compared.stdout
    assert (seen / "seen.compared.png").read_bytes().startswith(b"\x89PNG")
    told = ablsim("compare", "small.vtkhdf", "two.nrrd", "--label", 2, "--zone", "death", "--json",
                  "-o", "f.png", cwd=seen)  # fmt: skip
    assert json.loads(told.stdout)["zone"] == "death"
    assert (seen / "f.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("small.vtkhdf", "two.nrrd"), "choose one, such as --label 1"),
        (("small.vtkhdf", "none.nrrd"), "there is no such file"),
        (("seen.nii.gz", "seen.nii.gz"), "seen.nii.gz"),
        (("small.vtkhdf", "seen.nii.gz", "--tumour-label", "2"), "give that too"),
        (("small.vtkhdf", "seen.nii.gz", "--zone", "scar"), "scar"),
    ],
)
def test_compare_refuses_what_cannot_be_compared(seen, arguments, words):
    refused = ablsim("compare", *arguments, cwd=seen)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
