"""The picture of a size table: what each size takes, and what it comes to, beside the clinic."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from ablsim.notebook import DISCLAIMER
from ablsim.planning.clinic import COMPLETE, REGISTER, RULES
from ablsim.planning.size_table import Entry
from ablsim.view.saving import save_png
from ablsim.view.style import FONT, INK, QUIET

_LOOKS = {
    ("net_metastasis", "normal"): ("#00692f", "o", "-"),
    ("net_metastasis", "embolised"): ("#00692f", "s", "--"),
    ("colorectal_metastasis", "normal"): ("#6a1b9a", "o", "-"),
    ("colorectal_metastasis", "embolised"): ("#6a1b9a", "s", "--"),
}
_OTHERS = ("#e2571e", "D", "-")
_CLINIC = "#b8b8bd"


def draw_size_table(entries: Sequence[Entry], png_path: str | Path) -> None:
    """Draw a size table.

    Parameters
    ----------
    entries : sequence of Entry
        Its plans.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "font.size": 12.0}):
        figure = Figure(figsize=(16.0, 10.0), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        figure.text(
            0.015, 0.975, "What each size takes", va="top", fontsize=20.0, fontweight="bold"
        )
        asked = 100 * entries[0].answer["request"]["probability"] if entries else 90
        figure.text(
            0.015, 0.935,
            f"Plans of least burden for a complete ablation with {asked:g} %; open marks: not met, "
            f"the nearest plan\n{_errors(entries)}",
            va="top", fontsize=13.0, linespacing=1.3,
        )  # fmt: skip
        axes = [figure.add_axes((x, y, 0.40, 0.335)) for y in (0.505, 0.09) for x in (0.07, 0.56)]
        _draw_energy(axes[0], entries)
        _draw_fibres(axes[1], entries)
        _draw_probability(axes[2], entries)
        _draw_time(axes[3], entries)
        _legend(figure, axes[0])
        figure.text(0.985, 0.012, DISCLAIMER, ha="right", color=QUIET, fontsize=11.0)
        save_png(figure, png_path)


def _errors(entries: Sequence[Entry]) -> str:
    """Say how far fibres miss in a table."""
    errors = entries[0].answer["request"]["errors_mm"] if entries else {}
    if not any(errors.get(name) for name in ("lateral", "depth", "shift")):
        return "Every fibre where it is meant to be"
    return (
        f"Fibres miss by {errors['lateral']:g} mm across and {errors['depth']:g} mm along, all "
        f"together by {errors['shift']:g} mm (SD by axis)"
    )


def _curves(axes: Axes, entries: Sequence[Entry], key: str, factor: float = 1.0) -> None:
    """Draw one column of the table against the diameter, tumour by tumour."""
    for (tissue, perfusion), (colour, mark, dashes) in _looks(entries).items():
        own = [e for e in entries if (e.tissue, e.perfusion) == (tissue, perfusion)]
        x = [1e3 * entry.diameter for entry in own]
        y = [factor * float(entry.row()[key]) for entry in own]
        name = f"{tissue.replace('_', ' ')}, {perfusion}"
        axes.plot(x, y, dashes, color=colour, lw=1.8, label=name, zorder=3)
        for entry, a, b in zip(own, x, y, strict=True):
            face = colour if entry.answer["feasible"] else "white"
            axes.plot(a, b, mark, color=colour, mfc=face, ms=7.0, zorder=4)


def _looks(entries: Sequence[Entry]) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Return how each tumour of a table is drawn."""
    kinds = dict.fromkeys((entry.tissue, entry.perfusion) for entry in entries)
    return {kind: _LOOKS.get(kind, _OTHERS) for kind in kinds}


def _draw_energy(axes: Axes, entries: Sequence[Entry]) -> None:
    low = 8.0
    for rule in RULES:
        high = min(1e3 * rule.up_to, 130.0)
        least, most = 0.97e-3 * rule.energy[0], 1.03e-3 * rule.energy[1]  # a line would be lost
        axes.fill_between([low, high], [least] * 2, [most] * 2, color=_CLINIC, alpha=0.6, lw=0.0,
                          zorder=1)  # fmt: skip
        low = high
    mean = REGISTER["sessions"] * REGISTER["energy_per_session_j"] / 1e3
    axes.plot(REGISTER["diameter_mm"], mean, "*", color=INK, ms=13.0, zorder=5)
    axes.annotate("register of 647 nodules,\nper nodule", (32.0, mean), xytext=(10, -26),
                  textcoords="offset points", fontsize=10.0)  # fmt: skip
    _curves(axes, entries, "energy_kj")
    axes.set_yscale("log")
    axes.set_ylabel("energy in all [kJ]", fontsize=11.0)
    _finish(axes, "Energy; grey: what is said to be given", plain=True)


def _draw_fibres(axes: Axes, entries: Sequence[Entry]) -> None:
    _curves(axes, entries, "insertions")
    axes.set_yscale("log")
    axes.set_ylabel("fibres inserted in all", fontsize=11.0)
    _finish(axes, "Insertions of fibres", plain=True)


def _draw_probability(axes: Axes, entries: Sequence[Entry]) -> None:
    _curves(axes, entries, "p_complete", 100.0)
    for (tissue, perfusion), (colour, _, _) in _looks(entries).items():
        rows = [e.row() for e in entries if (e.tissue, e.perfusion) == (tissue, perfusion)]
        low, high = ([100.0 * row[f"p_complete_{end}"] for row in rows] for end in ("low", "high"))
        axes.vlines([row["diameter_mm"] for row in rows], low, high, color=colour, lw=1.2, zorder=2)
    for up_to, share, _ in COMPLETE:
        axes.plot(1e3 * up_to, 100 * share, "_", color=INK, ms=18.0, mew=2.0, zorder=5)
    axes.set_ylim(0, 104)
    axes.set_ylabel("complete [%]", fontsize=11.0)
    _finish(axes, "Probability, 95 % interval; bars: rates of published series")


def _draw_time(axes: Axes, entries: Sequence[Entry]) -> None:
    _curves(axes, entries, "laser_time_min")
    axes.set_yscale("log")
    axes.set_ylabel("laser time in all [min]", fontsize=11.0)
    _finish(axes, "Time under the laser", plain=True)


def _finish(axes: Axes, title: str, *, plain: bool = False) -> None:
    axes.set_xscale("log")
    axes.set_xlim(9.0, 135.0)
    axes.xaxis.set_major_locator(FixedLocator([10, 15, 20, 30, 40, 55, 80, 120]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    if plain:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.set_xlabel("diameter of the tumour [mm]", fontsize=11.0)
    axes.set_title(title, loc="left", fontsize=13.0)
    axes.grid(color="#e9e9ec", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", bbox_to_anchor=(0.985, 0.985), ncol=2,
                  frameon=False, fontsize=11.0)  # fmt: skip
