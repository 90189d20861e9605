"""A run that was stopped and taken up again gives the bits of one that went through."""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import h5py
import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.errors import CaseError
from ablsim.simulation import simulate
from ablsim.storage import Recorder, checkpoint_path, load, load_checkpoint, snapshots

pytestmark = pytest.mark.compiled

CASE = """
schema = "ablsim/case/1"
title = "everything that has a memory"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
diameter = "12 mm"
[[vessel]]
name = "vein"
diameter = "5 mm"
points = [["0 mm", "-30 mm", "12 mm"], ["0 mm", "30 mm", "12 mm"]]
[fibres]
kind = "bare"
pattern = "line"
spacing = "15 mm"
direction = [0, 0, -1]
[protocol]
steps = [
  "deliver 5 W for 40 s with F1",
  "deliver 5 W per fibre until 300 J per fibre",
  "pull back 12 mm",
  "ramp from 2 W to 5 W over 20 s",
  "rest for 20 s",
  "new session",
  "deliver 5 W for 20 s",
  "rest for 120 s",
]
[numerics]
spacing = "2 mm"
light_interval = "2 s"
"""


def record(path, case, *, stop_at=None, resume=False):
    """Run a case into a file, or until ``stop_at`` [s], where it is interrupted."""

    def follow(now, _):
        if stop_at is not None and now >= stop_at:
            raise KeyboardInterrupt

    domain = make_domain(case)
    checkpoint = load_checkpoint(path) if resume else None
    with Recorder(
        path,
        case,
        domain.grid,
        domain.labels,
        domain.materials,
        case.tissue.body_temperature,
        resume=checkpoint is not None,
    ) as recorder:
        result = simulate(
            case,
            domain=domain,
            on_snapshot=recorder.snapshot,
            on_progress=follow,
            on_checkpoint=recorder.checkpoint,
            resume_from=checkpoint,
        )
        recorder.finish(result)
    return result


def differences(one, other):
    """Names of all that differs between two result files, wall times left out."""
    found = []

    def look(name, item):
        if isinstance(item, h5py.Dataset) and not np.array_equal(item[()], others[name][()]):
            found.append(name)

    with h5py.File(one) as first, h5py.File(other) as others:
        first.visititems(look)
        for group in ("ledger", "statistics"):
            mine, theirs = first[f"ablsim/{group}"].attrs, others[f"ablsim/{group}"].attrs
            same = set(mine) - {name for name in mine if name.startswith("wall")}
            found += [f"{group}/{name}" for name in same if mine[name] != theirs[name]]
    return found


@pytest.fixture(scope="module", params=["float32", "float64"])
def uninterrupted(request, tmp_path_factory):
    case = Case.from_text(f'{CASE}precision = "{request.param}"\n')
    path = tmp_path_factory.mktemp("whole") / "whole.vtkhdf"
    record(path, case)
    return case, path


# in a delivery, at its very end, in the rest after it, on the ramp, at an output time, between the
# sessions, after the last watt; and several times in one run
@pytest.mark.parametrize(
    "stops",
    [
        [10.0],
        [40.0],
        [99.5],
        [107.0],
        [120.0],
        [139.9],
        [150.0],
        [200.0],
        [3.0, 50.0, 110.0, 141.0],
    ],
    ids=str,
)
def test_a_run_taken_up_at_a_step_boundary_gives_the_same_bits(uninterrupted, stops, tmp_path):
    case, whole = uninterrupted
    path = tmp_path / "parts.vtkhdf"
    for number, stop in enumerate(stops):
        with pytest.raises(KeyboardInterrupt):
            record(path, case, stop_at=stop, resume=number > 0)
        assert load_checkpoint(path).time >= stop
        assert sorted(file.name for file in tmp_path.iterdir()) == [checkpoint_path(path).name]
    result = record(path, case, resume=True)
    assert result.statistics.resumed_at >= stops[-1]
    assert differences(whole, path) == []
    assert load(path).history == load(whole).history
    assert [s.time for s in snapshots(path)] == [s.time for s in snapshots(whole)]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


FAR = """
schema = "ablsim/case/1"
title = "light in a part of the domain"
[tissue]
background = "liver"
[fibres]
kind = "bare"
pattern = "single"
direction = [0, 0, -1]
[protocol]
steps = [
  "deliver 5 W for 60 s",
  "reposition by 0 mm, 60 mm, 0 mm",
  "deliver 5 W for 60 s",
  "pull back 8 mm",
  "deliver 5 W for 40 s",
  "new session",
  "deliver 5 W for 40 s",
]
[numerics]
spacing = "3 mm"
"""


def test_light_in_a_part_of_the_domain_goes_on_as_it_was(tmp_path):
    case = Case.from_text(FAR)
    whole, path = tmp_path / "whole.vtkhdf", tmp_path / "parts.vtkhdf"
    record(whole, case)
    # in the second placement, pulled back, between the sessions, in the second session
    for number, stop in enumerate([100.0, 130.0, 160.0, 175.0]):
        with pytest.raises(KeyboardInterrupt):
            record(path, case, stop_at=stop, resume=number > 0)
    record(path, case, resume=True)
    assert differences(whole, path) == []


OPTIONS = """
[[organ]]
name = "gallbladder"
tissue = "bile"
shape = "sphere"
centre = ["0 mm", "16 mm", "0 mm"]
diameter = "10 mm"
[[probe]]
name = "T1"
position = ["2.5 mm", "3 mm", "1 mm"]
[physics]
char = "film_when_hot"
track_fraction = 0.2
death = "three_state"
"""
LAWS = {
    "steam condenses, whitening at mixed rates": """
steam_condensation = 0.5
whitening = "liver_whitening_distributed"
""",
    "water comes back, stasis by an isotherm": """
boiling = "apparent_enthalpy_99_101"
stasis = "isotherm_50"
""",
    "photons": "",
}


@pytest.mark.parametrize("laws", LAWS.values(), ids=LAWS)
def test_whatever_is_switched_on_goes_on_as_it_was(laws, tmp_path):
    text = CASE.replace('diameter = "5 mm"', 'diameter = "3 mm"\nwall = "occludes"')
    for end in ("-30 mm", "30 mm"):  # along the fibres, in the middle of four
        text = text.replace(f'"{end}", "12 mm"', f'"0 mm", "{end}"')
    text = text.replace('"line"', '"square"').replace('"15 mm"', '"8 mm"')
    text = text.replace("300 J", "500 J")
    stepping = "auto" if "boiling" in laws else "rkl2"
    if not laws:
        text += 'light = "monte_carlo"\nphotons = 3000\n'
    case = Case.from_text(f'{text}time_stepping = "{stepping}"\n{OPTIONS}{laws}')
    whole, path = tmp_path / "whole.vtkhdf", tmp_path / "parts.vtkhdf"
    result = record(whole, case)
    for number, stop in enumerate([25.0, 75.0, 185.0, 240.0]):
        with pytest.raises(KeyboardInterrupt):
            record(path, case, stop_at=stop, resume=number > 0)
    again = record(path, case, resume=True)
    assert differences(whole, path) == []
    assert again.tips == result.tips
    assert again.notes == result.notes
    assert any("closed" in note for note in again.notes)
    assert [probe.name for probe in again.probes] == ["T1"]


def test_checkpoints_come_at_the_interval_and_are_replaced(monkeypatch):
    clock = count(0.0, 0.05)  # however fast the machine is
    monkeypatch.setattr("ablsim.checkpoint.time.perf_counter", lambda: next(clock))
    times = []
    case = Case.from_text(f'{CASE}checkpoint_interval = "0.1 s"\n')
    simulate(case, on_checkpoint=lambda checkpoint: times.append(checkpoint.time))
    assert len(times) > 2
    assert times == sorted(set(times))


def test_a_checkpoint_of_another_case_is_refused(uninterrupted, tmp_path):
    case, _ = uninterrupted
    path = tmp_path / "other.vtkhdf"
    with pytest.raises(KeyboardInterrupt):
        record(path, case, stop_at=5.0)
    other = Case.from_text(CASE.replace("300 J", "301 J"))
    with pytest.raises(CaseError, match="another case"):
        simulate(other, resume_from=load_checkpoint(path))


def run(arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "ablsim", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.mark.slow
def test_ten_killed_runs_resume_to_the_bits_of_the_uninterrupted_one(tmp_path):
    """``kill -9`` at ten random moments, each after the first checkpoint."""
    file = tmp_path / "case.toml"
    file.write_text(f'{CASE}checkpoint_interval = "0.1 s"\n'.replace('"2 mm"', '"1 mm"'))
    whole, path = tmp_path / "whole.vtkhdf", tmp_path / "killed.vtkhdf"
    assert run([file, "-o", whole]).returncode == 0
    rng = random.Random(2026)
    killed = 0
    for _ in range(40):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "ablsim", "run", file, "-o", path],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not checkpoint_path(path).exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 1.5))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was finished before it was killed"
        if not checkpoint_path(path).exists():  # all but its picture was there
            continue
        killed += 1
        done = run([file, "-o", path, "--resume"])
        assert done.returncode == 0, done.stderr
        assert load(path).statistics.resumed_at > 0.0
        assert [name for name in differences(whole, path) if name != "ablsim/summary"] == []
        assert not checkpoint_path(path).exists()
        if killed == 10:
            break
    assert killed == 10


def _limit_file_size(size):
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.skipif(os.name != "posix", reason="limits of the file size are POSIX")
def test_a_full_disk_leaves_the_checkpoint_and_status_3(tmp_path):
    """A file that may not grow further stands for a full disk."""
    file, path = tmp_path / "case.toml", tmp_path / "full.vtkhdf"
    file.write_text(f'{CASE}checkpoint_interval = "0.1 s"\n')
    case = Case.from_toml(file)
    with pytest.raises(KeyboardInterrupt):
        record(path, case, stop_at=45.0)
    limit = checkpoint_path(path).stat().st_size + 1024
    stopped = run([file, "-o", path, "--resume"], preexec_fn=lambda: _limit_file_size(limit))
    assert stopped.returncode == 3, stopped.stderr
    assert "File too large" in stopped.stderr
    assert "--resume" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    kept = sorted(entry.name for entry in tmp_path.iterdir())
    assert kept == [file.name, checkpoint_path(path).name]
    assert load_checkpoint(path).time >= 45.0
    done = run([file, "-o", path, "--resume"])
    assert done.returncode == 0, done.stderr
    record(tmp_path / "whole.vtkhdf", case)
    different = differences(tmp_path / "whole.vtkhdf", path)
    assert [name for name in different if name != "ablsim/summary"] == []


def test_the_command_line_says_what_resume_does(tmp_path):
    file, path = tmp_path / "case.toml", Path(tmp_path / "case.vtkhdf")
    file.write_text(CASE)
    case = Case.from_toml(file)
    other = tmp_path / "other.toml"
    other.write_text(CASE.replace("300 J", "301 J"))
    with pytest.raises(KeyboardInterrupt):
        record(path, case, stop_at=150.0)

    refused = run([other, "-o", path, "--resume"])
    assert refused.returncode == 2
    assert "checkpoint of another case" in refused.stderr
    refused = run([file, "--resume", "--force"])
    assert refused.returncode == 2
    assert "give one of the two" in refused.stderr

    done = run([file, "--resume"])
    assert done.returncode == 0, done.stderr
    assert "resuming at 150 s" in done.stderr
    before = path.read_bytes()
    again = run([file, "--resume"])
    assert again.returncode == 0
    assert "not computed again" in again.stderr
    assert again.stdout.startswith(case.title)
    assert path.read_bytes() == before
    refused = run([other, "-o", path, "--resume"])
    assert refused.returncode == 2
    assert "result of another case" in refused.stderr
    path.unlink()
    fresh = run([file, "--resume"])
    assert fresh.returncode == 0
    assert "starting from the beginning" in fresh.stderr


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "other version", "other code"])
def test_a_damaged_checkpoint_is_said_not_crashed_on(uninterrupted, harm, tmp_path):
    from ablsim.errors import ResultError

    case, _ = uninterrupted
    path = tmp_path / "harmed.vtkhdf"
    with pytest.raises(KeyboardInterrupt):
        record(path, case, stop_at=5.0)
    place = checkpoint_path(path)
    content = bytearray(place.read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    elif harm == "cut":
        del content[len(content) // 2 :]
    elif harm == "empty":
        content.clear()
    else:
        from ablsim.storage.sealing import seal

        with h5py.File(place, "r+") as file:
            if harm == "other version":
                file.attrs["ablsim"] = "0.0.1"
            else:
                file.attrs["code"] = "0" * 64
        size = place.stat().st_size
        with place.open("r+b") as stream:
            stream.truncate(size - len("\nablsim seal: sha256 \n") - 64)
        seal(place, place)
        content = bytearray(place.read_bytes())
    place.write_bytes(content)
    with pytest.raises(ResultError, match=r"remove it and start from the beginning") as caught:
        load_checkpoint(path)
    assert ("0.0.1" in str(caught.value)) == (harm == "other version")
