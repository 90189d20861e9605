"""The examples in the docstrings are true."""

import doctest
import importlib
import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

import ablsim

PACKAGE = Path(__file__).parents[2] / "ablsim"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if "kernels" not in path.parts and path.name != "__main__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_explained(name):
    module = importlib.import_module(name)
    for label, item in vars(module).items():
        is_own = getattr(item, "__module__", None) == name and not label.startswith("_")
        if is_own and callable(item):
            assert item.__doc__, f"{name}.{label} has no docstring"


def sections(text):
    """The headings of a numpydoc docstring."""
    lines = text.expandtabs().splitlines()
    return {a.strip() for a, b in pairwise(lines) if b.strip() and set(b.strip()) == {"-"}}


@pytest.mark.parametrize("name", ablsim.__all__)
def test_every_public_name_has_a_docstring_that_stands_alone(name):
    item = getattr(ablsim, name)
    text = inspect.getdoc(item)
    first = text.splitlines()[0]
    assert len(first) > 20, first
    assert first.endswith((".", "?")) or first.count("``"), first
    if isinstance(item, type):
        return
    assert {"Parameters", "Returns"} <= sections(text)
    for parameter in inspect.signature(item).parameters:
        assert re.search(rf"^(.*, )?{parameter}(, .*)? : ", text, re.MULTILINE), parameter


def test_the_public_names_are_sorted_complete_and_there():
    assert ablsim.__all__ == sorted(ablsim.__all__)
    assert set(ablsim.__all__) <= set(dir(ablsim))
    with pytest.raises(AttributeError, match="no attribute 'Cases'"):
        ablsim.Cases  # noqa: B018
