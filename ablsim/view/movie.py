"""The treatment as a movie: heat and zone as they grow, in one unmoved scene."""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ablsim import storage
from ablsim.errors import CaseError, ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.result import Result, Snapshot
from ablsim.storage.layout import describe_fault
from ablsim.view import figures, gl
from ablsim.view.annotations import annotate, legend_entries
from ablsim.view.camera import Camera
from ablsim.view.course import follow
from ablsim.view.plane import Plane
from ablsim.view.sketch import draw_sketch
from ablsim.view.style import FONT, QUIET
from ablsim.view.subject import Subject, make_subject
from ablsim.view.viewpoint import choose_camera, choose_plane

Image = NDArray[np.uint8]

SIZE = (1280, 960)
"""Width and height [pixels]: multiples of 16, which films need."""

MOST_FRAMES = 120
"""Stored states that are shown; of more than that, evenly spread ones."""

LASTS = 10.0
"""About how long a movie is [s]; the last frame stays for a while longer."""

_RATES = (3.0, 15.0)  # frames a second
_STAYS = 2.0  # s
_DPI = 100.0
_COLUMN = 3.25  # inches
_REMEDY = 'MP4 needs a film encoder: pip install "ablsim[movie]"; a GIF needs none'


def make_movie(result_path: str | Path, movie_path: str | Path, *, use_gl: bool = True) -> str:
    """Make a movie of a stored result, as many frames as it has stored states.

    Parameters
    ----------
    result_path : str or Path
        A result written by `ablsim.storage`.
    movie_path : str or Path
        Where it goes: ``.gif``, or ``.mp4`` (extra ``movie``); an existing file is replaced.
    use_gl : bool, optional
        Whether OpenGL may be used for the scene.

    Returns
    -------
    str
        What the user should know, for example which package is missing; empty if nothing.

    Raises
    ------
    CaseError
        If the name ends in neither, or the encoder is missing.
    ResultError
        If the result cannot be read or the movie cannot be written.
    """
    target = Path(movie_path)
    if target.suffix not in (".gif", ".mp4"):
        msg = f"movie {target}: allowed are names that end in .gif or .mp4"
        raise CaseError(msg)
    if target.suffix == ".mp4":
        _check_encoder()
    display = gl.find_display() if use_gl else None
    if display is not None:
        gl.use_display(display)
    result = storage.load(result_path)
    frames = list(_frames(result, result_path, with_gl=display is not None))
    rate = min(max(len(frames) / LASTS, _RATES[0]), _RATES[1])
    frames += [frames[-1]] * round(_STAYS * rate)
    try:
        with tempfile.TemporaryDirectory(prefix=".ablsim-movie-", dir=target.parent) as folder:
            part = Path(folder) / target.name
            (_write_gif if target.suffix == ".gif" else _write_mp4)(frames, part, rate)
            part.replace(target)
    except OSError as error:
        msg = f"{target}: {describe_fault(error)}"
        raise ResultError(msg) from None
    return gl.REMEDY if use_gl and display is None else ""


def _frames(result: Result, path: str | Path, *, with_gl: bool) -> Iterator[Image]:
    course = follow(result, storage.snapshots(path))
    widest = make_subject(result, course.hottest)  # what the scene must have room for
    plane = choose_plane(widest)
    width, height = SIZE
    camera = choose_camera(widest, plane, (width - _COLUMN * _DPI) / (height - 1.3 * _DPI))
    hottest = float(course.highest.max())
    times = [record.time for record in result.history]
    every = max(1, -(-len(times) // MOST_FRAMES))
    for number, state in enumerate(storage.snapshots(path)):
        if number % every and number < len(times) - 1:
            continue
        then = replace(result, fields=state.fields, history=())
        subject = replace(make_subject(then, state), scaled_to=hottest)
        subject = replace(subject, needles=widest.needles)
        yield _draw(result, subject, state, plane, camera, with_gl=with_gl)


def _draw(
    result: Result,
    subject: Subject,
    state: Snapshot,
    plane: Plane,
    camera: Camera,
    *,
    with_gl: bool,
) -> Image:
    """Return one frame, shape (height, width, 3)."""
    width, height = SIZE[0] / _DPI, SIZE[1] / _DPI
    left, bottom = _COLUMN / width, 0.95 / height
    place = (left, bottom, 1.0 - left, 1.0 - bottom - 0.75 / height)
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes(place)
        if with_gl:
            from ablsim.view.scene import render_scene

            pixels = (round(place[2] * SIZE[0]), round(place[3] * SIZE[1]))
            w, h = camera.half_width, camera.half_height
            axes.imshow(render_scene(subject, plane, camera, pixels), extent=(-w, w, -h, h))
        else:
            draw_sketch(axes, subject, plane, camera)
        annotate(axes, subject, plane, camera)
        figure.text(0.02, 1.0 - 0.12 / height, result.case.title, va="top", fontweight="bold",
                    fontsize=15)  # fmt: skip
        figure.text(0.98, 1.0 - 0.12 / height, f"{state.time:.0f} s", va="top", ha="right",
                    fontsize=17, fontweight="bold")  # fmt: skip
        column = figure.add_axes((0.015, bottom, left, place[3]))
        column.set_axis_off()
        entries = legend_entries(subject, all_zones=False)
        column.legend(handles=entries, loc="upper left", frameon=False, borderaxespad=0.0,
                      fontsize="small")  # fmt: skip
        bar = figure.add_axes((0.02, bottom + 0.35 / height, 0.75 * left, 0.2 / height))
        figures.draw_heat_bar(figure, bar, subject.hottest, "Temperature [°C]")
        power = figure.add_axes((0.06, 0.42 / height, 0.88, 0.3 / height))
        _draw_clock(power, result, state.time)
        figure.text(0.02, 0.05 / height, DISCLAIMER, fontsize="x-small")
        figure.savefig(stream := io.BytesIO(), format="rgba")
        return np.frombuffer(stream.getvalue(), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3]


def _draw_clock(axes: mpl.axes.Axes, result: Result, time: float) -> None:
    """Draw when the laser fires, and how far the movie is."""
    names = [fibre.name for fibre in result.case.fibres_all]
    for segment in result.case.protocol.timeline(names):
        if any(segment.highest_power):
            axes.axvspan(segment.start, segment.end, color="#00b4d8", alpha=0.35, lw=0)
    axes.axvline(time, color="black", lw=2.0)
    axes.set_xlim(0.0, result.case.protocol.duration)
    axes.set_yticks([])
    axes.tick_params(labelsize="x-small")
    axes.set_xlabel("time [s], blue while the laser fires", fontsize="x-small", labelpad=1.0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _write_gif(frames: list[Image], path: Path, rate: float) -> None:
    from PIL import Image as Pictures

    few = frames[:: max(1, len(frames) // 8)]
    colours = Pictures.fromarray(np.concatenate(few)).quantize(256, dither=Pictures.Dither.NONE)
    first, *others = (  # all with the same colours, so that none changes its hue
        Pictures.fromarray(frame).quantize(palette=colours, dither=Pictures.Dither.NONE)
        for frame in frames
    )
    first.save(
        path, save_all=True, append_images=others, duration=round(1000.0 / rate), loop=0,
        optimize=True,
    )  # fmt: skip


def _check_encoder() -> None:
    if find_spec("imageio_ffmpeg") is None:
        raise CaseError(_REMEDY)


def _write_mp4(frames: list[Image], path: Path, rate: float) -> None:
    import imageio_ffmpeg

    writer = imageio_ffmpeg.write_frames(
        str(path), SIZE, fps=rate, codec="libx264", quality=8, ffmpeg_log_level="error"
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
