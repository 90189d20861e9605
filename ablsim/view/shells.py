"""A tumour cut open like a cake, its parts coloured by what would have ablated them."""

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from ablsim.case_tables import TumourTable
from ablsim.explanation.chain import Explanation
from ablsim.explanation.shells import OUTSIDE
from ablsim.view.camera import Camera

FloatArray = NDArray[np.float64]

_OVERSAMPLING = 2
_FINENESS = 500  # points along a face
_SKIN = 0.97  # the surface takes the colour of what lies just below it
_TOWARD = (1.0, -1.0, 0.75)  # from the left, the front and above


def render_shells(
    found: Explanation, tumour: TumourTable, colours: list[str], size: tuple[int, int]
) -> tuple[NDArray[np.uint8], Camera]:
    """Return the picture of a tumour without its left front quarter, and the camera.

    Parameters
    ----------
    found : Explanation
        Whose shells are shown.
    tumour : TumourTable
        The tumour.
    colours : list of str
        Colour of each label from 0, the last for what nothing ablates.
    size : tuple of int
        Width and height [pixels].
    """
    camera = make_camera(tumour, size[0] / size[1])
    plotter = pv.Plotter(off_screen=True, window_size=[_OVERSAMPLING * n for n in size])
    plotter.set_background("white")  # type: ignore[arg-type]  # pyvista hides self
    palette = np.array([pv.Color(colour).int_rgb for colour in colours], dtype=np.uint8)
    skin = _skin(tumour)
    centre = np.asarray(tumour.centre)
    beneath = centre + _SKIN * (np.asarray(skin.points) - centre)
    skin["colour"] = palette[np.minimum(found.shells.labels(beneath), len(colours) - 1)]
    plotter.add_mesh(skin, scalars="colour", rgb=True, ambient=0.45, smooth_shading=True)
    for face in _faces(tumour):
        label = found.shells.labels(np.asarray(face.cell_centers().points))
        shown = face.extract_cells(label != OUTSIDE)
        shown.cell_data["colour"] = palette[label[label != OUTSIDE]]
        plotter.add_mesh(shown, scalars="colour", rgb=True, lighting=False)
    far = 10.0 * max(tumour.axes)
    plotter.camera.focal_point = camera.focus.tolist()
    plotter.camera.position = (camera.focus + far * camera.toward).tolist()
    plotter.camera.up = camera.up.tolist()
    plotter.camera.parallel_projection = True
    plotter.camera.parallel_scale = camera.half_height
    plotter.reset_camera_clipping_range()
    image = np.asarray(plotter.screenshot(return_img=True), dtype=np.float32)
    plotter.close()
    coarse = image.reshape(size[1], _OVERSAMPLING, size[0], _OVERSAMPLING, 3).mean(axis=(1, 3))
    return np.asarray(np.rint(coarse), dtype=np.uint8), camera


def make_camera(tumour: TumourTable, aspect: float) -> Camera:
    """Return the camera that sees the whole tumour from its left, front and above."""
    toward = np.asarray(_TOWARD) / np.linalg.norm(_TOWARD)
    right = np.cross((0.0, 0.0, 1.0), toward)
    right /= np.linalg.norm(right)
    camera = Camera(np.asarray(tumour.centre), right, np.cross(toward, right))
    return camera.fit(np.asarray(_ellipsoid(tumour).points), aspect, room=1.15)


def _ellipsoid(tumour: TumourTable) -> pv.PolyData:
    sphere = pv.Sphere(radius=0.5, theta_resolution=240, phi_resolution=240)
    points = np.asarray(sphere.points) * tumour.axes @ np.asarray(tumour.orientation)
    sphere.points = points + tumour.centre
    return sphere


def _skin(tumour: TumourTable) -> pv.PolyData:
    """Return the surface of the tumour without its left front quarter."""
    surface, far = _ellipsoid(tumour), 2.0 * max(tumour.axes)
    x, y, z = tumour.centre
    cut = surface.clip_box((x, x + far, y - far, y, z - far, z + far), invert=True)
    skin: pv.PolyData = cut.extract_surface(algorithm="dataset_surface")
    return skin


def _faces(tumour: TumourTable) -> list[pv.StructuredGrid]:
    """Return the two faces of the cut, squares that reach to the end of the longest axis."""
    x, y, z = tumour.centre
    reach = 0.5 * max(tumour.axes)
    out, up = np.meshgrid(np.linspace(0.0, reach, _FINENESS), np.linspace(-reach, reach, _FINENESS))
    nothing = np.zeros_like(out)
    return [
        pv.StructuredGrid(x + out, y + nothing, z + up),
        pv.StructuredGrid(x + nothing, y - out, z + up),
    ]
