"""Which program computed something: a hash of the code that decides the bits of an answer."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def fingerprint(without: tuple[str, ...] = ()) -> str:
    """Return a hash of ablsim's own code and of the versions that compile and feed it.

    ``without`` names files and folders of ablsim that do not count.
    """
    folder = Path(__file__).parent
    total = hashlib.sha256(f"numba {version('numba')} numpy {version('numpy')}".encode())
    for path in sorted([*folder.rglob("*.py"), *(folder / "kernels").glob("*.py")]):
        if path.relative_to(folder).parts[0] not in without:
            total.update(path.read_bytes())
    return total.hexdigest()
