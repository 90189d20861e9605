"""The scene of a layout, drawn by the browser: here it is only put together, never rendered.

So the machine that computes needs no OpenGL, and turning the scene needs no round trip.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyvista as pv

from ablsim.report.layers import Layer
from ablsim.report.viewer import thin, views
from ablsim.view import gl
from ablsim.view.camera import Camera

TEMPERATURE = "temperature"
"""Name of the layer whose own name tells the time."""


def key_of(layer: Layer) -> str:
    """Return the name of a layer without what changes with time."""
    return TEMPERATURE if layer.name.startswith(TEMPERATURE) else layer.name


class Scene:
    """What is shown of one layout."""

    def __init__(self) -> None:
        gl.use_display(None)
        with pv.vtk_verbosity("off"):  # that no OpenGL is there does not matter
            self._plotter = pv.Plotter(off_screen=True)
        self._plotter.set_background("white")  # type: ignore[arg-type]  # pyvista hides self
        self._actors: dict[str, list[Any]] = {}
        self._moving: tuple[str, ...] = ()

    @property
    def window(self) -> Any:
        """VTK's render window, from which the browser's scene is made."""
        return self._plotter.render_window

    def show(self, still: Iterable[Layer], moving: Iterable[Layer]) -> None:
        """Show something else altogether."""
        for key in list(self._actors):
            self._remove(key)
        self._moving = ()
        for layer in still:
            self._add(layer)
        self.move(moving)  # last, as at every later moment: translucent things are drawn in order

    def move(self, moving: Iterable[Layer]) -> None:
        """Show another moment of the same."""
        for key in self._moving:
            self._remove(key)
        found = list(moving)
        for layer in found:
            self._add(layer)
        self._moving = tuple(key_of(layer) for layer in found)

    def reveal(self, shown: Mapping[str, bool]) -> None:
        """Show or hide layers by name."""
        for key, actors in self._actors.items():
            for actor in actors:
                actor.SetVisibility(shown.get(key, True))

    def look(self, camera: Camera, name: str = "oblique") -> None:
        """Look from somewhere: as in the picture of a result, or along the patient's axes."""
        view = views(camera)[name]
        self._plotter.camera.focal_point = view["focus"]
        self._plotter.camera.position = view["position"]
        self._plotter.camera.up = view["up"]
        self._plotter.camera.parallel_projection = True
        self._plotter.camera.parallel_scale = view["scale"]
        self._plotter.renderer.ResetCameraClippingRange()

    def _remove(self, key: str) -> None:
        for actor in self._actors.pop(key, ()):
            self._plotter.remove_actor(actor, render=False)

    def _add(self, layer: Layer) -> None:
        made = []
        for mesh, colour in layer.meshes:
            style: dict[str, Any] = {"opacity": layer.opacity, "render": False}
            if layer.scalars:
                style |= {"scalars": layer.scalars, "rgb": True, "lighting": False}
            else:
                style |= {"color": colour, "smooth_shading": True, "ambient": 0.25}
            made.append(self._plotter.add_mesh(mesh if layer.scalars else thin(mesh), **style))
        self._actors[key_of(layer)] = made
