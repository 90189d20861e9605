"""Files that are complete under their final name, and that show when a byte has changed.

A file is written under a temporary name, sealed with a line that holds its SHA-256, brought to the
disk and only then renamed. HDF5 ignores what follows the end of its data, so a sealed HDF5 file
opens in every program.
"""

import hashlib
import io
import os
import sys
from pathlib import Path
from typing import Any

SEAL = b"\nablsim seal: sha256 %s\n"
_PIECE = 1 << 20


class Sink(io.FileIO):
    """A file to write into whose faults wait in ``fault`` instead of interrupting the writer.

    HDF5 cannot close a file cleanly after a failed write. So it is never told; whoever writes
    looks at ``fault`` after each flush, and gives up the file if there is one.

    Parameters
    ----------
    path : Path
        The file; it is locked, and emptied once the lock is held.

    Raises
    ------
    BlockingIOError
        If another process is writing the file.
    """

    def __init__(self, path: Path) -> None:
        self.fault: OSError | None = None
        super().__init__(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        try:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(self.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            super().truncate(0)
        except OSError:
            self.close()
            raise

    def write(self, data: Any) -> int:
        """Write, or remember why that failed."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while done < len(view) and self.fault is None:
                done += super().write(view[done:]) or 0
        except OSError as error:
            self.fault = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Change the length, or remember why that failed."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.fault = self.fault or error
            return size or 0


def seal(path: Path, final: Path) -> None:
    """Append the seal to a closed file, bring it to the disk, and give it its final name."""
    with path.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    with path.open("ab") as stream:
        stream.write(SEAL % checksum.encode())
        stream.flush()
        os.fsync(stream.fileno())
    path.replace(final)
    if os.name == "posix":
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_seal(path: Path) -> tuple[bool, bool]:
    """Say whether a file carries a seal, and whether the seal fits the content."""
    with path.open("rb") as stream:
        size = max(0, stream.seek(0, os.SEEK_END) - len(SEAL % bytes(64)))
        stream.seek(size)
        found = stream.read()
        stream.seek(0)
        total = hashlib.sha256()
        for start in range(0, size, _PIECE):
            total.update(stream.read(min(_PIECE, size - start)))
    expected = SEAL % total.hexdigest().encode()
    return found.startswith(SEAL.partition(b"%s")[0]), found == expected
