"""The interactive scene as one page of its own, which a report frames.

VTK's scene is written down for vtk.js here and now. pyvista's own export starts a server for it,
which asks another machine for what it would draw with: a report must reach nobody.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import pyvista as pv

from ablsim.report.layers import Layer
from ablsim.units import to_mm
from ablsim.view.camera import Camera

MOST_FACES = 16_000
"""Triangles of a surface beyond which it is thinned out for the page."""

REMEDY = 'for the scene that can be turned: pip install "ablsim[web]"'

_ADDRESS = re.compile(r"https?://[^\s\"'`]*favicon[^\s\"'`]*")

_STYLE = """
#ablsim { position: fixed; z-index: 100000; top: 0; left: 0; max-width: 21em; padding: .5em .8em;
  background: rgba(255,255,255,.86); font: 13px/1.45 sans-serif; color: #1d1d1f; }
#ablsim label { display: block; cursor: pointer; }
#ablsim i { display: inline-block; width: .9em; height: .9em; margin: 0 .45em -.1em .2em;
  border: 1px solid #999; }
#ablsim button { margin: .4em .3em 0 0; font: inherit; }
"""

_CONTROLS = """
<script>
(function () {
  const layers = LAYERS, views = VIEWS;
  function begin() {
    const window_ = (globalThis.global || globalThis).renderWindow;
    const renderers = window_ ? window_.getRenderers() : [];
    const renderer = renderers.reduce(
      (most, one) => !most || one.getActors().length > most.getActors().length ? one : most, null);
    const actors = renderer ? renderer.getActors() : [];
    const wanted = layers.reduce((sum, layer) => sum + layer.meshes, 0);
    if (actors.length < wanted) { setTimeout(begin, 100); return; }
    const panel = document.createElement("div");
    panel.id = "ablsim";
    let first = 0;
    for (const layer of layers) {
      const own = actors.slice(first, first + layer.meshes);
      first += layer.meshes;
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = layer.shown;
      const mark = document.createElement("i");
      mark.style.background = layer.colour;
      label.append(box, mark, layer.name);
      panel.append(label);
      const show = () => { own.forEach(a => a.setVisibility(box.checked)); window_.render(); };
      box.addEventListener("change", show);
      show();
    }
    for (const [name, view] of Object.entries(views)) {
      const button = document.createElement("button");
      button.textContent = name;
      const look = () => {
        const camera = renderer.getActiveCamera();
        camera.setFocalPoint(...view.focus);
        camera.setPosition(...view.position);
        camera.setViewUp(...view.up);
        camera.setParallelProjection(true);
        camera.setParallelScale(view.scale);
        renderer.resetCameraClippingRange();
        window_.render();
      };
      button.addEventListener("click", look);
      panel.append(button);
      if (name === "oblique") look();
    }
    const style = document.createElement("style");  // what stood in the page is gone by now
    style.textContent = STYLE;
    document.head.append(style);
    document.body.append(panel);
    document.body.dataset.ready = "yes";
  }
  addEventListener("load", begin);
})();
</script>
"""


def write_viewer(layers: Sequence[Layer], camera: Camera) -> str:
    """Return a page that shows layers, each of which can be hidden, and that can be turned.

    Parameters
    ----------
    layers : sequence of Layer
        In the order of the legend.
    camera : Camera
        From where it is seen at first.

    Raises
    ------
    ImportError
        Where trame-vtk (extra ``web``) is missing.
    """
    from trame_vtk.tools.vtksz2html import write_html

    with pv.vtk_verbosity("off"):  # that no OpenGL is there does not matter: browsers draw it
        plotter = pv.Plotter(off_screen=True)
    plotter.set_background("white")  # type: ignore[arg-type]  # pyvista hides self
    for layer in layers:
        for mesh, colour in layer.meshes:
            if layer.scalars:
                plotter.add_mesh(
                    mesh, scalars=layer.scalars, rgb=True, lighting=False, opacity=layer.opacity
                )
            else:
                plotter.add_mesh(
                    thin(mesh),
                    color=colour,
                    opacity=layer.opacity,
                    smooth_shading=True,
                    ambient=0.25,
                )
    from_where = views(camera)
    plotter.camera.focal_point = from_where["oblique"]["focus"]
    plotter.camera.position = from_where["oblique"]["position"]
    plotter.camera.up = from_where["oblique"]["up"]
    plotter.camera.parallel_projection = True
    plotter.camera.parallel_scale = from_where["oblique"]["scale"]
    plotter.reset_camera_clipping_range()
    written = io.StringIO()
    write_html(_pack(plotter.render_window), written)
    page = _ADDRESS.sub("data:,", written.getvalue())  # of an icon
    plotter.close()
    table = [
        {"name": x.name, "colour": x.colour, "meshes": len(x.meshes), "shown": x.shown}
        for x in layers
    ]
    controls = _CONTROLS
    for key, value in (("LAYERS", table), ("VIEWS", from_where), ("STYLE", _STYLE)):
        controls = controls.replace(key, _script(value))
    head, body, tail = page.rpartition("</body>")
    return head + controls + body + tail


def _pack(window: Any) -> bytes:
    """Return all that a render window of VTK holds as vtk.js loads it: a zipped ``index.json``."""
    from trame_vtk.modules.vtk.serializers import (
        SynchronizationContext,
        extract_array_hash,
        initialize_serializers,
        reference_id,
        serialize,
    )

    initialize_serializers()
    context = SynchronizationContext()
    context.set_ignore_last_dependencies(True)
    scene = serialize(None, window, reference_id(window), context, 1)
    camera = window.GetRenderers().GetFirstRenderer().GetActiveCamera()
    scene["extra"] = {
        "vtkRefId": reference_id(window),
        "centerOfRotation": camera.GetFocalPoint(),
        "camera": reference_id(camera),
    }
    hashes = {
        array["hash"]: {**array, "content": context.get_cached_data_array(array["hash"], False)}
        for array in extract_array_hash(scene)
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", json.dumps({"hashes": hashes, "scene": scene}))
    return packed.getvalue()


def thin(surface: pv.PolyData) -> pv.PolyData:
    """Return a surface of few enough triangles."""
    if surface.n_cells <= MOST_FACES:
        return surface
    thinned: pv.PolyData = surface.triangulate().decimate(1.0 - MOST_FACES / surface.n_cells)
    return thinned


def views(camera: Camera) -> dict[str, dict[str, object]]:
    """Return where to look from: as in the picture, and along the patient's axes."""
    focus = to_mm(camera.focus)
    scale = 1.05 * to_mm(camera.half_height)
    towards = {
        "oblique": (camera.toward.tolist(), camera.up.tolist()),
        "front": ([0.0, -1.0, 0.0], [0.0, 0.0, 1.0]),
        "left": ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
        "feet": ([0.0, 0.0, -1.0], [0.0, -1.0, 0.0]),
    }
    return {
        name: {
            "focus": focus.tolist(),
            "position": [f + 8.0 * scale * t for f, t in zip(focus, toward, strict=True)],
            "up": up,
            "scale": scale,
        }
        for name, (toward, up) in towards.items()
    }


def _script(value: object) -> str:
    """Return JSON that may stand in a script."""
    return json.dumps(value).replace("<", "\\u003c")
