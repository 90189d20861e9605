"""The picture of a plan: fibres and zone in two planes, certainty, and what more of it costs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ablsim.geometry import distance_to_tube
from ablsim.notebook import DISCLAIMER
from ablsim.planning.answer import Plan
from ablsim.planning.evaluation import Slice
from ablsim.planning.front import FrontPoint
from ablsim.units import to_mm
from ablsim.view.saving import save_png
from ablsim.view.style import (
    FONT,
    INK,
    MARGIN_LINE,
    ORGANS,
    QUIET,
    REPORTED_LINE,
    SHAFT,
    TIP,
    TUMOUR_LINE,
    VEIN,
)

_DEAREST = 2.5  # times the burden of the plan, up to which others are drawn
_APART = 0.35  # of the burdens shown, between two points that are labelled
_LABEL = 0.4  # of the burdens shown, what a label takes to the right of its point
_MARGIN_COLOURS = ("#1b7837", "#5aae61", "#a6dba0")


def draw_plan(plan: Plan, png_path: str | Path) -> None:
    """Draw a plan.

    Parameters
    ----------
    plan : Plan
        The answer to a demand.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "font.size": 12.0}):
        figure = Figure(figsize=(16.0, 10.6), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        _head(figure, plan)
        slices = plan.found.fine.outcome.slices
        across = figure.add_axes((0.05, 0.075, 0.40, 0.345))
        along = figure.add_axes((0.05, 0.515, 0.40, 0.345))
        if slices:
            _draw_plane(along, plan, slices[1], "depth beyond the middle [mm]", along=True)
            _draw_plane(across, plan, slices[0], "v [mm]", along=False)
        _draw_certainty(figure.add_axes((0.57, 0.56, 0.40, 0.28)), plan)
        _draw_front(figure.add_axes((0.57, 0.11, 0.40, 0.31)), plan)
        figure.text(0.985, 0.012, DISCLAIMER, ha="right", color=QUIET, fontsize=11.0)
        save_png(figure, png_path)


def _head(figure: Figure, plan: Plan) -> None:
    tumour, chance = plan.subject.tumour, plan.found.probability.complete
    sizes = " x ".join(f"{to_mm(axis):g}" for axis in dict.fromkeys(tumour.axes))
    flow = "" if tumour.perfusion == "normal" else f", {tumour.perfusion}"
    name = "Plan" if plan.is_feasible else "No plan meets the demand; the nearest"
    figure.text(
        0.015, 0.975, f"{name}: {tumour.tissue.replace('_', ' ')} of {sizes} mm{flow}",
        va="top", fontsize=20.0, fontweight="bold",
    )  # fmt: skip
    treatment = plan.prescription
    figure.text(
        0.015, 0.925,
        f"{treatment.describe()}; {treatment.energy / 1e3:.1f} kJ, "
        f"{treatment.laser_time / 60.0:.0f} min of laser. Complete with "
        f"{100 * chance.value:.0f} % ({100 * chance.low:.0f} to {100 * chance.high:.0f}), asked "
        f"for {100 * plan.request.probability:g} %.",
        va="top", fontsize=14.0,
    )  # fmt: skip


def _draw_plane(axes: Axes, plan: Plan, plane: Slice, label: str, *, along: bool) -> None:
    """Draw tumour, zone, vessels, organs and fibres in one plane."""
    subject, line = plan.subject, plane.line
    tumour = subject.tumour
    centre = np.asarray(tumour.centre)
    points = centre + (line[None, :, None] * plane.across + line[:, None, None] * plane.up)
    mm = to_mm(line)
    axes.contourf(mm, mm, plane.depth, levels=[0.0, 1.0], colors=["#efe3f5"])
    axes.contour(mm, mm, plane.depth, levels=[0.0], colors=[REPORTED_LINE.colour], linewidths=2.4)
    away = tumour.body.distance(points)
    axes.contour(mm, mm, away, levels=[0.0], colors=[TUMOUR_LINE.colour], linewidths=2.2)
    if tumour.margin:
        axes.contour(
            mm, mm, away, levels=[tumour.margin], colors=[MARGIN_LINE.colour],
            linestyles=["dashed"],
        )  # fmt: skip
    _draw_bodies(axes, plan, points, mm)
    _draw_fibres(axes, plan, plane, along=along)
    reach = to_mm(0.5 * max(tumour.axes)) + 20.0
    axes.set(xlim=(-reach * 1.25, reach * 1.25), ylim=(-reach, reach), aspect="equal")
    if along:
        axes.invert_yaxis()  # the needle comes from above
    axes.set_xlabel("u [mm]", fontsize=11.0)
    axes.set_ylabel(label, fontsize=11.0)
    title = "Along the needles" if along else "The guide's grid, looking along the needles"
    axes.set_title(title, loc="left", fontsize=13.0)
    axes.grid(color="#e9e9ec", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=10.0)
    if along:
        handles = [
            axes.plot([], [], color=REPORTED_LINE.colour, lw=2.4, label="expected zone")[0],
            axes.plot([], [], color=TUMOUR_LINE.colour, lw=2.2, label="tumour")[0],
            axes.plot([], [], "o", color=TIP, mec=INK, label="tips")[0],
        ]
        # beside the plane: zones of large tumours leave no corner free
        axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=10.0,
            frameon=False,
        )  # fmt: skip


def _draw_bodies(axes: Axes, plan: Plan, points: np.ndarray, mm: np.ndarray) -> None:
    case = plan.subject.case
    for vessel in case.vessels:
        away = distance_to_tube(points, np.asarray(vessel.points), 0.5 * vessel.diameter)
        if away.min() < 0.0:
            axes.contourf(mm, mm, -away, levels=[0.0, 1.0], colors=[VEIN], alpha=0.6)
    for number, organ in enumerate(case.organs):
        away = organ.body.distance(points)
        if away.min() < 0.0:
            colour = ORGANS[number % len(ORGANS)]
            axes.contourf(mm, mm, -away, levels=[0.0, 1.0], colors=[colour], alpha=0.5)


def _draw_fibres(axes: Axes, plan: Plan, plane: Slice, *, along: bool) -> None:
    """Draw where tips light, with their needles in the view along them."""
    centre = np.asarray(plan.subject.tumour.centre)
    direction = np.asarray(plan.prescription.direction)
    many = len(plan.prescription.placements) > 1
    for placement in plan.prescription.placements:
        for number, tip in enumerate(placement.tips, start=1):
            for pull in range(placement.illuminations):
                at = np.asarray(tip) - pull * placement.pull_back * direction - centre
                u, v = to_mm(float(at @ plane.across)), to_mm(float(at @ plane.up))
                if along and pull == 0:
                    top = v - 200.0
                    axes.plot([u, u], [top, v], color=SHAFT, lw=1.6, alpha=0.5, zorder=3)
                if not along and pull:
                    continue
                axes.plot(u, v, "o", color=TIP, mec=INK, mew=0.8, ms=6.0, zorder=4)
                if not along and not many:
                    axes.annotate(f"F{number}", (u, v), xytext=(5, 5), textcoords="offset points",
                                  fontsize=10.0)  # fmt: skip


def _draw_certainty(axes: Axes, plan: Plan) -> None:
    """Draw the probability of completeness and of margins, with their intervals."""
    chance = plan.found.probability
    rows = [("complete", chance.complete, REPORTED_LINE.colour)]
    rows += [
        (f"margin of {to_mm(m):g} mm or more", estimate, colour)
        for (m, estimate), colour in zip(chance.margins.items(), _MARGIN_COLOURS, strict=False)
    ]
    if plan.subject.case.organs:
        rows.append(("organs within limits", chance.limits, ORGANS[0]))
    for y, (_, estimate, colour) in enumerate(rows):
        value = 100 * estimate.value
        axes.barh(y, value, color=colour, height=0.55, zorder=2)
        axes.plot([100 * estimate.low, 100 * estimate.high], [y, y], color=INK, lw=2.0, zorder=3)
        axes.text(101.5, y, f"{value:.0f} %", va="center", fontsize=12.0)
    axes.axvline(100 * plan.request.probability, color=INK, lw=1.2, ls=(0, (4, 3)), zorder=1)
    axes.text(100 * plan.request.probability - 1.0, -0.55, "asked for", ha="right", fontsize=10.0)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set(xlim=(0, 112), ylim=(len(rows) - 0.5, -0.8))
    axes.set_xlabel(f"probability [%], 95 % intervals, {chance.draws} draws", fontsize=11.0)
    left = ", ".join(
        f"{100 * (1 - level):.0f} % of treatments leave more than {1e6 * estimate.value:.2g} mL"
        for level, estimate in list(chance.residual.items())[1:]
    )
    axes.set_title("How sure", loc="left", fontsize=13.0)
    axes.text(1.0, -0.235, left, transform=axes.transAxes, ha="right", fontsize=10.0, color=QUIET)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_front(axes: Axes, plan: Plan) -> None:
    """Draw what more certainty costs."""
    # what costs several times as much would leave no room for the choices at hand
    front = [p for p in plan.front if p.candidate.burden <= _DEAREST * plan.found.best.burden]
    x = [point.candidate.burden for point in front]
    y = [100 * point.probability for point in front]
    axes.plot(x, y, "-o", color=QUIET, mfc="white", lw=1.4, zorder=2)
    for point in front:
        if point.is_chosen:
            axes.plot(point.candidate.burden, 100 * point.probability, "o", ms=11.0,
                      color=REPORTED_LINE.colour, zorder=4)  # fmt: skip
    labelled, wide = _labelled(front), x[-1] - x[0] or x[0]
    for point in labelled:
        _label(axes, point)
    axes.axhline(100 * plan.request.probability, color=INK, lw=1.2, ls=(0, (4, 3)))
    axes.set_xlabel("burden [min]", fontsize=11.0)
    axes.set_ylabel("probability [%]", fontsize=11.0)
    room = max(one.candidate.burden for one in labelled) + _LABEL * wide
    axes.set(xlim=(x[0] - 0.05 * wide, max(x[-1] + 0.08 * wide, room)), ylim=(-14, 104))
    axes.set_yticks(range(0, 101, 20))
    axes.grid(color="#e9e9ec", linewidth=0.7)
    axes.set_title("What more certainty costs", loc="left", fontsize=13.0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _labelled(front: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Return the points that get a label: the chosen, and the ends that lie well apart from it."""
    chosen = [point for point in front if point.is_chosen]
    wide = front[-1].candidate.burden - front[0].candidate.burden
    shown = list(chosen)
    for end in (front[0], front[-1]):
        apart = [abs(end.candidate.burden - one.candidate.burden) for one in chosen]
        if not end.is_chosen and all(away > _APART * wide for away in apart):
            shown.append(end)
    return shown


def _label(axes: Axes, point: FrontPoint) -> None:
    """Say beside a point of the front what it takes: below to the right, where no front runs."""
    plan = point.candidate.plan
    many = "" if plan.insertions == 1 else "s"
    axes.annotate(
        f"{plan.insertions} insertion{many}, {plan.energy / 1e3:.1f} kJ",
        (point.candidate.burden, 100.0 * point.probability),
        xytext=(8.0, -6.0),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=10.0,
    )
