"""What silently costs a kernel most of its speed, or its answer: none of it is in ours.

Zero division as Python does it, mathematics that may be reordered at will, loops that are not
vectorised, and numbers in single precision that pass through double precision on the way.
"""

import ast
import re
from pathlib import Path

import numba
import numpy as np
import pytest

from ablsim.kernels import reaction

KERNELS = Path(__file__).parents[2] / "kernels"
SAFE = {"reassoc", "contract", "nnan", "nsz"}
"""What fast mathematics may do: none of it changes how often a sum is rounded to nothing."""

PACKED = re.compile(r"\bv?(?:mul|add|sub|div|max|min|fn?m(?:add|sub)\d+)ps\b|\bf(?:mul|add)\s+v\d")
WIDENED = re.compile(r"\bv?cvtps2pd\b|\bfcvtl2?\s")


def jitted():
    """Every compiled function of the kernels: its name, what the decorator says, if it divides."""
    for path in sorted(KERNELS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for made in getattr(node, "decorator_list", ()):
                if isinstance(made, ast.Call) and getattr(made.func, "id", "") == "njit":
                    divides = any(isinstance(part, ast.Div | ast.Mod) for part in ast.walk(node))
                    options = {key.arg: key.value for key in made.keywords}
                    yield f"{path.stem}.{node.name}", options, divides


def test_every_kernel_divides_as_numpy_does_and_keeps_its_roundings():
    found = list(jitted())
    assert len(found) > 100
    for name, options, divides in found:
        if divides and "inline" not in options:  # what is inlined divides as whoever calls it
            assert ast.literal_eval(options["error_model"]) == "numpy", name
        flags = options.get("fastmath")
        if isinstance(flags, ast.Set):
            assert ast.literal_eval(flags) <= SAFE, name
        elif flags is not None:  # a set with a name, in photon.py
            assert isinstance(flags, ast.Name), f"{name}: fastmath = True does anything"


@pytest.mark.compiled
def test_rows_in_single_precision_are_vectorised_and_stay_single():
    temperature = np.full(64, 40.0, np.float32)
    zeros = np.zeros(64, np.float32)
    number = np.float32(1.0)
    process = np.array([90.0, 3e4, 0.0, 0.0, 0.0], np.float32)
    c = reaction._exp_coefficients(temperature)
    arguments = (temperature, temperature, zeros, process, np.float32(310.15), number, c)
    row = numba.njit(error_model="numpy")(reaction._damage_row.py_func)  # of a kept one none see
    row(*arguments)
    code = row.inspect_asm(row.signatures[-1])
    assert len(PACKED.findall(code)) > 10
    assert not WIDENED.search(code)


def test_exponential_is_right_to_single_precision_everywhere():
    # tricks with magic numbers were wrong by 41 % under fast mathematics
    of = np.float32
    c = reaction._exp_coefficients(np.zeros(1, of))
    y = np.linspace(-60.0, 4.6, 20_001, dtype=of)
    found = np.array([reaction._exp(one, c) for one in y])
    assert np.max(np.abs(found / np.exp(y.astype(float)) - 1.0)) < 1.5e-5


def test_powers_of_photons_are_a_named_set():
    text = (KERNELS / "photon.py").read_text(encoding="utf-8")
    named = re.search(r"^_QUICK = (\{.*?\})", text, re.MULTILINE | re.DOTALL)
    assert named is not None
    assert ast.literal_eval(named.group(1)) <= SAFE | {"arcp", "afn", "ninf"}
