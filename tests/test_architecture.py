"""The rules that matter, enforced: layers, lone kernels, single owners, what is shipped."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ablsim"
KERNEL_IMPORTS = {"math", "numpy", "numba"}

# which row of the building each module stands in; a folder stands for all its modules
ROWS = {
    "kernels": 0,
    "citations": 1, "deposition": 1, "errors": 1, "fingerprint": 1, "geometry": 1, "grid": 1,
    "notebook": 1, "quantities": 1, "shapes": 1, "units": 1,
    "bibliography": 2,
    "case": 2, "case_boundary": 2, "case_checks": 2, "case_fibres": 2, "case_fields": 2,
    "case_memory": 2, "case_messages": 2, "case_objects": 2, "case_overrides": 2, "case_places": 2,
    "case_schema": 2, "case_settings": 2, "case_shapes": 2, "case_tables": 2, "case_text": 2,
    "case_written": 2,
    "checkpoint": 2, "domain": 2, "domain_cells": 2, "exposure": 2, "extent": 2, "imaging": 2,
    "laser_log": 2,
    "light.fibre": 2, "position": 2, "protocol": 2, "result": 2, "result_fields": 2, "steps": 2,
    "tissue": 2, "vessel_masks": 2, "voxels": 2,
    "damage": 3, "heat": 3, "light": 3,
    "illumination": 4, "monitor": 4, "notes": 4, "pace": 4, "schedule": 4,
    "simulation": 4, "tips": 4,
    "band": 5, "band_text": 5, "contour": 5, "discretisation": 5, "discretisation_text": 5,
    "front": 5, "levels": 5, "likely_error": 5, "margins": 5,
    "overlap": 5, "residual": 5, "shrinkage": 5, "storage": 5, "summary": 5, "summary_objects": 5,
    "summary_text": 5, "surface": 5, "tumour_coverage": 5, "zone": 5,
    "agreement": 6, "calibration": 6, "certificate": 6, "cohort": 6, "explanation": 6,
    "planning": 6, "refinement": 6, "reproduction": 6, "uncertainty": 6, "validation": 6,
    "workers": 6,
    "__main__": 7, "app": 7, "calibrating": 7, "cli": 7, "cli_app": 7, "cli_exchange": 7,
    "cli_laboratory": 7, "cli_planning": 7, "cohorting": 7, "doctor": 7, "exchange": 7,
    "interruption": 7, "prescribing": 7, "progress": 7, "refining": 7, "report": 7, "running": 7,
    "serving": 7, "ultrasound": 7, "validating": 7, "view": 7,
}  # fmt: skip
PHYSICS = {"light", "heat", "damage"}
OWNERS = {
    "numba": ("kernels/", "simulation.py", "doctor.py", "cohort/outcome.py"),
    "dask": ("cohort/pools.py",),
    "distributed": ("cohort/pools.py",),
    "h5py": ("storage/",),
    "pyvista": ("view/", "report/", "exchange/", "app/scene.py"),
    "trame": ("app/",),
    "aiohttp": ("app/front.py", "serving.py"),
    "pint": ("units.py",),
    "pybtex": ("citations.py",),
    "cyclopts": ("cli.py", "cli_app.py", "cli_exchange.py", "cli_laboratory.py", "cli_planning.py"),
    "emcee": ("calibration/",),
    "sklearn": ("calibration/", "planning/indices.py"),
    "SALib": ("planning/indices.py",),
    "SimpleITK": ("imaging/",),
    "highdicom": ("exchange/dicom.py", "imaging/dicom_seg.py"),
    "pydicom": ("exchange/dicom.py", "imaging/dicom_seg.py"),
    "jinja2": ("report/page.py",),
    "rich": ("progress.py",),
    "xarray": ("result_fields.py",),
}

LINKED = ("benchmarks", "kernels")
"""Folders of their own that are shipped as parts of the package."""

MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in LINKED
)


def name_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def row_of(module):
    """The row of 'light.diffusion' and the key that decided it."""
    for key in (module, module.split(".")[0]):
        if key in ROWS:
            return ROWS[key], key
    pytest.fail(f"ablsim.{module} has no row in tests/test_architecture.py: give it one")


def imports(path, *, typing_too=True):
    """The full names of everything that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    if not typing_too:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                skipped |= {id(child) for child in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "ablsim" or module.endswith("kernels"):
                yield from (f"{module}.{alias.name}" for alias in node.names)
            else:
                yield module


@pytest.mark.parametrize("path", sorted((ROOT / "kernels").glob("*.py")), ids=lambda p: p.name)
def test_kernel_files_stand_alone(path):
    assert {name.split(".")[0] for name in imports(path)} <= KERNEL_IMPORTS


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_import_only_downwards(path):
    module = name_of(path)
    if not module or module == "__init__" or path.name == "__init__.py":
        return  # a package's front door
    row, key = row_of(module)
    for name in imports(path):
        if not name.startswith("ablsim."):
            assert not name.startswith("."), f"{module}: absolute imports only"
            continue
        target = name.removeprefix("ablsim.")
        if target == "__version__":
            continue
        other, other_key = row_of(target)
        assert other <= row, f"ablsim.{module} (row {row}) imports {name} (row {other})"
        if key in PHYSICS and other_key in PHYSICS:
            assert other_key == key, f"{module} imports {name}: light, heat and damage stay apart"


@pytest.mark.parametrize("library", OWNERS)
def test_libraries_have_one_owner(library):
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path, typing_too=False))
    }
    strangers = {user for user in users if not user.startswith(OWNERS[library])}
    assert not strangers, f"{library} belongs to {OWNERS[library]}"


def test_the_celsius_offset_is_written_once():
    users = [name_of(path) for path in MODULES if "273.15" in path.read_text(encoding="utf-8")]
    assert users == ["units"]


def test_every_package_is_shipped():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["setuptools"]["packages"]
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in PACKAGE.rglob("__init__.py")
        if path.relative_to(PACKAGE).parts[0] not in LINKED
    }
    assert set(listed) == found | {f"ablsim.{name}" for name in LINKED}


def test_top_level_is_as_decided():
    decided = {"ablsim", "benchmarks", "examples", "kernels", "tests", "docs"}
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and (path / "__init__.py").exists()
    }
    assert folders <= decided
    for name in LINKED:
        assert (PACKAGE / name).resolve() == ROOT / name


@pytest.mark.parametrize(
    "path", [*MODULES, *sorted((ROOT / "kernels").glob("*.py"))], ids=lambda p: p.stem
)
def test_modules_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


def test_importing_ablsim_is_light():
    import subprocess
    import sys

    code = (
        "import sys, ablsim, ablsim.cli;"
        "heavy = {'numba', 'scipy', 'pyvista', 'vtk', 'pint', 'h5py', 'matplotlib'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
