"""STL, PLY and glTF of what the scene shows, and VTI of the cells."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ablsim.errors import ResultError
from ablsim.exchange.segments import maps, segment
from ablsim.result import Result
from ablsim.units import to_mm
from ablsim.view import gl
from ablsim.view.subject import make_subject
from ablsim.view.viewpoint import choose_plane
from ablsim.zone import measure_zones


def write_surfaces(result: Result, stem: Path, ending: str) -> Sequence[Path]:
    """Write each body (tumour, zones, what is left, vessels, organs, needles) into a file.

    STL and PLY know no units and no frame: both are in the names of the files.
    """
    from ablsim.report.layers import make_bodies

    written = []
    for layer in make_bodies(make_subject(result)):
        slug = re.sub(r"[^A-Za-z0-9]+", "_", layer.name).strip("_")
        target = stem.with_name(f"{stem.name}_{slug}_LPS_mm{ending}")
        surface = layer.merged()
        surface.save(target)
        written.append(target)
    return written


def write_scene(result: Result, stem: Path) -> Sequence[Path]:
    """Write all bodies with their colours as one glTF file, in metres as glTF demands (LPS).

    Raises
    ------
    ResultError
        Where there is no OpenGL, which VTK's writer needs.
    """
    display = gl.find_display()
    if display is None:
        msg = (
            "glTF is written by way of OpenGL, and there is none here; install the Debian package "
            "libosmesa6, or write STL or PLY"
        )
        raise ResultError(msg)
    gl.use_display(display)
    import pyvista as pv

    from ablsim.report.layers import make_layers

    subject = make_subject(result)
    plotter = pv.Plotter(off_screen=True)
    for layer in make_layers(subject, choose_plane(subject), measure_zones(result).tumour):
        for mesh, colour in layer.meshes:
            surface = mesh.extract_surface(algorithm="dataset_surface").scale(1e-3)
            if not layer.scalars:
                plotter.add_mesh(surface, color=colour, opacity=layer.opacity)
    target = stem.with_name(f"{stem.name}_LPS.gltf")
    plotter.export_gltf(str(target), rotate_scene=False)
    plotter.close()
    return [target]


def write_voxels(result: Result, stem: Path) -> Sequence[Path]:
    """Write labels, temperature and damage of the cells as one VTI file, in millimetres."""
    import pyvista as pv

    grid = result.grid
    nz, ny, nx = grid.shape
    edge = to_mm(grid.spacing)
    block = pv.ImageData(
        dimensions=(nx + 1, ny + 1, nz + 1),
        spacing=(edge,) * 3,
        origin=to_mm(np.asarray(grid.origin)).tolist(),
    )
    block.cell_data["labels"] = segment(result).labels.ravel()
    for name, values in maps(result).items():
        block.cell_data[name] = values.ravel()
    target = stem.with_name(f"{stem.name}_LPS_mm.vti")
    block.save(target)
    return [target]
