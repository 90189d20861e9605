"""What is stored comes back, opens in VTK, and shows when it has been touched."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from dataclasses import fields, replace

import h5py
import numpy as np
import pytest

from ablsim import storage
from ablsim.case import Case
from ablsim.errors import AblsimError, ResultError, UnfinishedError
from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics, TipRecord
from ablsim.storage import recorder

CASE = """
schema = "ablsim/case/1"
title = "µ-test: one fibre, Ω"
[domain]
size = ["14 mm", "12 mm", "10 mm"]
centre = ["3 mm", "-2 mm", "5 mm"]
[tissue]
background = "liver"
[[fibre]]
kind = "bare"
tip = ["3 mm", "-2 mm", "5 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 2 W for 60 s", "rest for 120 s"]
[numerics]
spacing = "2 mm"
"""
TIMES = (0.0, 30.0, 60.0, 180.0)
NAMES = ("rise", "stasis", "whitening", "death", "water", "char")


def make_fields(shape, seed, scale):
    random = np.random.default_rng(seed)
    drawn = {name: scale * random.random(shape, dtype=np.float32) for name in NAMES}
    return Fields(**{**drawn, "water": 1.0 - 0.5 * drawn["water"] / np.float32(scale or 1.0)})


def make_ledger(time):
    return Ledger(*(0.1 + time * (i + 1) / 3.0 for i in range(len(fields(Ledger)))))


@pytest.fixture
def snapshots():
    shape = Case.from_text(CASE).grid().shape
    return [
        Snapshot(time, make_fields(shape, i, np.float32(i * 7.3)), make_ledger(time))
        for i, time in enumerate(TIMES)
    ]


@pytest.fixture
def result(snapshots):
    case = Case.from_text(CASE)
    grid = case.grid()
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 2, 3] = 1
    return Result(
        case=case,
        grid=grid,
        labels=labels,
        materials=("liver", "blood"),
        base_temperature=310.15,
        fields=snapshots[-1].fields,
        ledger=snapshots[-1].ledger,
        history=tuple(
            Record(s.time, 2.0 / 3.0 * i, s.ledger, 17 * i) for i, s in enumerate(snapshots)
        ),
        statistics=Statistics(steps=11, cell_steps=10**12, time_step=0.1, wall_total=1.0 / 3.0),
        notes=("120 s of rest were added.", "Ω counts."),
        provenance={"ablsim": "0.1.0", "finished": "2026-01-01T00:00:00Z"},
        tips=(
            TipRecord("F1", 673.15, at_cap=True, charred=True),
            TipRecord("Ü 2", 1.0 / 3.0 + 400.0, at_cap=False, charred=False),
        ),
    )


@pytest.fixture
def stored(result, snapshots, tmp_path):
    return storage.save(
        result,
        tmp_path / "a.vtkhdf",
        snapshots=snapshots,
        summary={"schema": "x", "v": [1.5, None]},
    )


def assert_same(a, b):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(a.fields, name), getattr(b.fields, name), name)
        assert getattr(a.fields, name).dtype == np.float32
    np.testing.assert_array_equal(a.labels, b.labels)
    assert a.labels.dtype == np.uint8
    assert a.case.resolved() == b.case.resolved()
    assert (a.case.text, a.case.sha256) == (b.case.text, b.case.sha256)
    for item in fields(Result):
        if item.name not in ("case", "fields", "labels"):
            assert getattr(a, item.name) == getattr(b, item.name), item.name


def test_a_result_comes_back_as_it_was(result, stored):
    assert_same(storage.load(stored), result)
    assert storage.load_summary(stored) == {"schema": "x", "v": [1.5, None]}


def test_a_case_from_a_mapping_comes_back_too(result, tmp_path):
    mapped = replace(result, case=Case.from_dict(result.case.resolved()))
    path = storage.save(mapped, tmp_path / "mapped.vtkhdf")
    assert_same(storage.load(path), mapped)
    assert storage.load_summary(path) == {}


def test_an_empty_record_comes_back_too(result, tmp_path):
    bare = replace(result, history=(), notes=(), provenance={}, statistics=Statistics())
    assert_same(storage.load(storage.save(bare, tmp_path / "bare.vtkhdf")), bare)


def test_probes_and_organs_come_back_bit_for_bit(result, tmp_path):
    times, random = np.array([0.0, 1.0, 180.0]), np.random.default_rng(2)
    probes = tuple(
        ProbeCurve(
            name, (1 / 3, -2e-3, 0.0), times, random.uniform(310.0, 350.0, 3), *random.random(3)
        )
        for name in ("T1", "Ω, left")
    )
    organs = (OrganExposure("gallbladder", 320.0 + 1 / 3, 180.0, 1e-9),)
    watched = replace(result, probes=probes, organs=organs)
    path = storage.save(watched, tmp_path / "watched.vtkhdf")
    assert_same(storage.load(path), watched)
    with h5py.File(path) as file:
        assert file["ablsim/probes/temperature"].shape == (2, 3)
        assert file["ablsim/probes/temperature"].attrs["units"] == "K"


def test_a_result_from_before_there_were_probes_is_read(result, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "write_exposure", lambda ours, result: None)
    assert_same(storage.load(storage.save(result, tmp_path / "old.vtkhdf")), result)


def test_snapshots_come_back_in_order(stored, snapshots):
    back = list(storage.snapshots(stored))
    assert [s.time for s in back] == list(TIMES)
    for found, given in zip(back, snapshots, strict=True):
        assert found.ledger == given.ledger
        np.testing.assert_allclose(found.fields.rise, given.fields.rise, atol=1e-5)
        for name in NAMES[1:]:
            np.testing.assert_array_equal(
                getattr(found.fields, name), getattr(given.fields, name), name
            )
    np.testing.assert_array_equal(back[-1].fields.rise, snapshots[-1].fields.rise)


def test_without_snapshots_start_and_end_are_stored(result, tmp_path):
    first, last = storage.snapshots(storage.save(result, tmp_path / "two.vtkhdf"))
    assert (first.time, last.time) == (0.0, 180.0)
    assert not first.fields.rise.any()
    assert not first.fields.stasis.any()
    assert np.all(first.fields.water == 1.0)
    np.testing.assert_array_equal(last.fields.rise, result.fields.rise)


def test_the_file_says_where_the_cells_are_in_millimetres(result, stored):
    with h5py.File(stored, locking=False) as file:
        vtk = file["VTKHDF"]
        np.testing.assert_allclose(vtk.attrs["Origin"], [-4.0, -8.0, 0.0], atol=1e-12)
        np.testing.assert_allclose(vtk.attrs["Spacing"], 2.0)
        assert list(vtk.attrs["WholeExtent"]) == [0, 7, 0, 6, 0, 5]
        celsius = vtk["CellData/temperature"]
        np.testing.assert_allclose(celsius[-1], result.fields.rise + 37.0, rtol=1e-6)
        assert (celsius.attrs["units"], celsius.dtype) == ("degC", np.float32)
        assert (celsius.compression, celsius.compression_opts) == ("gzip", 1)
        assert celsius.shuffle
        assert celsius.fletcher32
        assert vtk["CellData/tissue"].shape == (1, 5, 6, 7)
        assert file["ablsim/case"].attrs["sha256"] == result.case.sha256
        assert json.loads(file["ablsim/case_resolved"].asstr()[()]) == result.case.resolved()


def test_vtk_and_pyvista_read_every_step_bit_for_bit(result, stored, snapshots):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyvista
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkIOHDF import vtkHDFReader

    with h5py.File(stored, locking=False) as file:
        cells = {name: data[()] for name, data in file["VTKHDF/CellData"].items()}
    assert set(cells) == {
        *("temperature", "damage_stasis", "damage_whitening", "damage_death"),
        *("water_fraction", "char_fraction", "tissue"),
    }
    reader = vtkHDFReader()
    reader.SetFileName(str(stored))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == len(TIMES)
    shown = pyvista.get_reader(stored)
    for step, when in enumerate(TIMES):
        reader.UpdateTimeStep(when)
        block = reader.GetOutput()
        shown.reader.SetStep(step)
        mesh = shown.read()
        assert block.GetDimensions() == mesh.dimensions == (8, 7, 6)
        assert block.GetOrigin() == pytest.approx((-4.0, -8.0, 0.0))
        for name, values in cells.items():
            expected = values[min(step, len(values) - 1)].ravel()
            vtk_values = vtk_to_numpy(block.GetCellData().GetArray(name))
            np.testing.assert_array_equal(vtk_values, expected, name)
            np.testing.assert_array_equal(mesh.cell_data[name], expected, name)
            assert vtk_values.dtype == expected.dtype
    mesh = pyvista.read(stored)
    hottest = mesh.cell_centers().points[np.argmax(snapshots[0].fields.stasis)] / 1e3
    index = np.unravel_index(np.argmax(snapshots[0].fields.stasis), result.grid.shape)
    np.testing.assert_allclose(hottest, result.grid.position(index), atol=1e-9)


def test_cells_that_nothing_happened_to_take_no_space_and_no_time(tmp_path):
    case = Case.from_text(CASE.replace('"2 mm"', '"0.125 mm"'))
    grid = case.grid()
    assert grid.n_cells > 700_000
    zero, one = np.zeros(grid.shape, np.float32), np.ones(grid.shape, np.float32)
    quiet = Fields(zero, zero, zero, zero, one, zero)
    labels = np.zeros(grid.shape, np.uint8)
    with storage.Recorder(
        tmp_path / "q.vtkhdf", case, grid, labels, ("liver",), 310.15
    ) as recorder:
        began = time.process_time()
        recorder.snapshot(Snapshot(0.0, quiet, Ledger()))
        assert time.process_time() - began < 1.0
        done = Result(case, grid, labels, ("liver",), 310.15, quiet, Ledger())
        recorder.finish(done)
    assert (tmp_path / "q.vtkhdf").stat().st_size < 200_000
    assert np.all(storage.load(tmp_path / "q.vtkhdf").fields.water == 1.0)


def test_one_flipped_bit_anywhere_is_noticed(stored):
    good = stored.read_bytes()
    random = np.random.default_rng(7)
    for position in [0, 9, len(good) - 1, *random.integers(0, len(good), 120)]:
        bad = bytearray(good)
        bad[position] ^= 1 << int(random.integers(8))
        stored.write_bytes(bad)
        with pytest.raises(ResultError, match=r"damaged|not a result|checksum|cut off"):
            storage.load(stored)
    stored.write_bytes(good)
    storage.load(stored)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_was_cut_off_is_noticed(stored, share):
    good = stored.read_bytes()
    stored.write_bytes(good[: int(share * len(good))])
    for read in (storage.load, storage.load_summary, lambda path: list(storage.snapshots(path))):
        with pytest.raises(ResultError, match=r"a\.vtkhdf (is|cannot)"):
            read(stored)


def test_what_is_no_result_is_named_as_such(stored, tmp_path):
    with pytest.raises(ResultError, match="there is no such result"):
        storage.load(tmp_path / "none.vtkhdf")
    (tmp_path / "text.vtkhdf").write_text("hello")
    with pytest.raises(ResultError, match="not a result of ablsim"):
        storage.load(tmp_path / "text.vtkhdf")
    with h5py.File(tmp_path / "other.vtkhdf", "w") as file:
        file["x"] = 1
    with pytest.raises(ResultError, match="an HDF5 file, but not a result of ablsim"):
        storage.load(tmp_path / "other.vtkhdf")
    with h5py.File(stored, "a") as file:
        file["mine"] = 1
    with pytest.raises(ResultError, match="changed by another program"):
        storage.load(stored)


def test_another_major_version_of_the_format_is_refused(result, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "FORMAT_VERSION", (2, 0))
    path = storage.save(result, tmp_path / "new.vtkhdf")
    monkeypatch.undo()
    with pytest.raises(ResultError, match=r"format 2\.0; this ablsim reads 1\.x"):
        storage.load(path)


def open_recorder(result, path):
    return storage.Recorder(
        path, result.case, result.grid, result.labels, result.materials, result.base_temperature
    )


def test_an_unfinished_recording_leaves_nothing(result, snapshots, tmp_path):
    path = tmp_path / "u.vtkhdf"
    with open_recorder(result, path) as recorder:
        recorder.snapshot(snapshots[0])
        assert [p.name for p in tmp_path.iterdir()] == ["u.vtkhdf.part"]
        with pytest.raises(ResultError, match="unfinished"):
            storage.load(tmp_path / "u.vtkhdf.part")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_and_is_passed_on(result, snapshots, tmp_path):
    def record_and_interrupt():
        with open_recorder(result, tmp_path / "i.vtkhdf") as recorder:
            recorder.snapshot(snapshots[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_and_interrupt()
    assert list(tmp_path.iterdir()) == []


def test_an_older_result_stays_until_the_new_one_is_complete(result, stored, snapshots):
    before = stored.read_bytes()
    with open_recorder(result, stored) as recorder:
        recorder.snapshot(snapshots[0])
        assert stored.read_bytes() == before
    assert stored.read_bytes() == before
    storage.save(replace(result, notes=("new",)), stored)
    assert storage.load(stored).notes == ("new",)


def test_two_runs_cannot_write_the_same_result(result, tmp_path):
    path = tmp_path / "b.vtkhdf"
    with open_recorder(result, path):
        with pytest.raises(ResultError, match="being written by another run"):
            open_recorder(result, path).__enter__()
        assert (tmp_path / "b.vtkhdf.part").stat().st_size > 0


def test_names_and_folders_that_cannot_work_are_refused_before_the_run(result, tmp_path):
    for name in ("a.h5", "a", "a.vtk"):
        with pytest.raises(ResultError, match=r"must be named \*\.vtkhdf"):
            open_recorder(result, tmp_path / name).__enter__()
    with pytest.raises(ResultError, match="does not exist"):
        open_recorder(result, tmp_path / "no" / "a.vtkhdf").__enter__()
    (tmp_path / "c.vtkhdf.part").mkdir()
    with pytest.raises(ResultError, match="cannot write"):
        open_recorder(result, tmp_path / "c.vtkhdf").__enter__()


def test_snapshots_must_come_in_the_order_of_time(result, snapshots, tmp_path):
    with open_recorder(result, tmp_path / "o.vtkhdf") as recorder:
        recorder.snapshot(snapshots[1])
        with pytest.raises(ValueError, match="comes after"):
            recorder.snapshot(snapshots[0])


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from ablsim import storage
    from ablsim.errors import AblsimError

    given, path, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    result, states = storage.load(given), list(storage.snapshots(given))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        storage.save(result, path, snapshots=states)
    except AblsimError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 0.999])
def test_a_full_disk_ends_with_one_sentence_and_no_file(stored, tmp_path, share):
    folder = tmp_path / "full"
    folder.mkdir()
    limit = str(int(share * stored.stat().st_size))
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), stored, folder / "r.vtkhdf", limit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.stdout.startswith("UnfinishedError"), child
    assert "File too large); nothing is kept" in child.stdout
    assert child.stderr == ""
    assert child.returncode == 0
    assert list(folder.iterdir()) == []


def test_a_failing_rename_leaves_nothing_under_either_name(
    result, snapshots, tmp_path, monkeypatch
):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UnfinishedError, match="No space left on device"):
        storage.save(result, tmp_path / "f.vtkhdf", snapshots=snapshots)
    assert list(tmp_path.iterdir()) == []


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from ablsim import storage

    given, path = Path(sys.argv[1]), Path(sys.argv[2])
    r, states = storage.load(given), list(storage.snapshots(given))
    recorder = storage.Recorder(path, r.case, r.grid, r.labels, r.materials, r.base_temperature)
    recorder.__enter__()
    for state in states[:3]:
        recorder.snapshot(state)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_whole_steps_and_a_lock_that_is_gone(result, stored, tmp_path):
    path = tmp_path / "k.vtkhdf"
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), stored, path], check=False
    )
    assert child.returncode == -signal.SIGKILL
    assert not path.exists()
    with h5py.File(tmp_path / "k.vtkhdf.part", "r") as file:
        assert file["VTKHDF/Steps"].attrs["NSteps"] == 3
        assert file["VTKHDF/CellData/temperature"][2].max() > 37.0
    storage.save(result, path)
    assert_same(storage.load(path), result)


def test_errors_of_storage_are_errors_of_ablsim():
    assert issubclass(ResultError, AblsimError)
    assert issubclass(UnfinishedError, AblsimError)


def test_another_summary_changes_nothing_else(stored, result, snapshots):
    summary = {"schema": "x", "error": {"band": {"runs": 12, "level": [0.05, 0.5, 0.95]}}}
    assert storage.replace_summary(stored, summary) == stored
    assert storage.load_summary(stored) == summary
    assert_same(storage.load(stored), result)
    assert len(list(storage.snapshots(stored))) == len(snapshots)
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]
    storage.replace_summary(stored, {})  # and again, after a longer one
    assert storage.load_summary(stored) == {}


def test_a_failing_copy_leaves_the_result_with_its_old_summary(stored, monkeypatch):
    before = stored.read_bytes()

    def full(self, data):
        self.fault = OSError(28, "No space left on device")
        return len(memoryview(data).cast("B"))

    monkeypatch.setattr(storage.amend.Sink, "write", full)
    with pytest.raises(UnfinishedError, match=r"No space left.*is as it was"):
        storage.replace_summary(stored, {"a": 1})
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def test_a_copy_that_another_run_is_writing_is_left_alone(stored):
    other = storage.amend.Sink(stored.with_name(stored.name + ".part"))
    other.write(b"theirs")
    with pytest.raises(UnfinishedError, match="is as it was"):
        storage.replace_summary(stored, {"a": 1})
    other.close()
    assert stored.with_name(stored.name + ".part").read_bytes() == b"theirs"


def test_a_damaged_result_gets_no_new_summary(stored):
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(ResultError):
        storage.replace_summary(stored, {})
