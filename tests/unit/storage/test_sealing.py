"""A seal shows whether a file is as it was written; a sink never interrupts its writer."""

import hashlib
import os

import pytest

from ablsim.storage.sealing import SEAL, Sink, read_seal, seal


def test_a_sealed_file_has_its_final_name_and_a_fitting_seal(tmp_path):
    part, final = tmp_path / "x.part", tmp_path / "x"
    part.write_bytes(b"content")
    seal(part, final)
    assert not part.exists()
    digest = hashlib.sha256(b"content").hexdigest().encode()
    assert final.read_bytes() == b"content" + SEAL % digest
    assert read_seal(final) == (True, True)


def test_a_changed_byte_breaks_the_seal_and_a_missing_end_removes_it(tmp_path):
    part, final = tmp_path / "x.part", tmp_path / "x"
    part.write_bytes(b"content")
    seal(part, final)
    good = final.read_bytes()
    final.write_bytes(b"C" + good[1:])
    assert read_seal(final) == (True, False)
    final.write_bytes(good[:-1])
    assert read_seal(final) == (False, False)
    final.write_bytes(b"")
    assert read_seal(final) == (False, False)


def test_a_sink_keeps_the_first_fault_for_later(tmp_path):
    sink = Sink(tmp_path / "x")
    assert sink.write(b"abc") == 3
    assert sink.fault is None
    os.close(sink.fileno())
    assert sink.write(b"def") == 3
    assert isinstance(sink.fault, OSError)
    first = sink.fault
    sink.truncate(10)
    assert sink.fault is first
    with pytest.raises(OSError, match="Bad file descriptor"):
        sink.close()


def test_a_file_has_one_writer_at_a_time(tmp_path):
    with Sink(tmp_path / "x") as sink:
        sink.write(b"kept")
        with pytest.raises(BlockingIOError):
            Sink(tmp_path / "x")
        assert (tmp_path / "x").read_bytes() == b"kept"
    with Sink(tmp_path / "x"):
        assert (tmp_path / "x").read_bytes() == b""
