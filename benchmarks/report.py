"""What a benchmark found: rows with ratios, as text, as JSON and as a plot."""

import json
from dataclasses import asdict, dataclass

SCHEMA = "ablsim/bench/1"


@dataclass
class Row:
    """One figure: who did what, how fast, and how that compares.

    ``ratio`` says how many times as fast as ``ratio_to`` it is, from pairs within repeats.
    """

    work: str
    who: str
    value: float
    unit: str
    ratio_to: str | None = None
    ratio: float | None = None
    repeats: int = 1
    note: str = ""


def as_json(machine, rows):
    """Return everything as one JSON object."""
    return json.dumps(
        {"schema": SCHEMA, "machine": machine, "rows": [asdict(row) for row in rows]}, indent=1
    )


def as_text(rows):
    """Return a table, one part for each kind of work."""
    lines, work = [], None
    for row in rows:
        if row.work != work:
            work = row.work
            lines += ["", work]
        ratio = "" if row.ratio is None else f"{row.ratio:9.2f} x {row.ratio_to}"
        note = f"; {row.note}" if row.note else ""
        lines.append(f"  {row.who:<26}{row.value:>8,.4g} {row.unit:<22}{ratio}{note}".rstrip())
    return "\n".join(lines)


def plot(rows, path):
    """Draw all rows that have a ratio as bars on a logarithmic scale, a panel for each work."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    works = {}
    for row in rows:
        if row.ratio is not None:
            works.setdefault(row.work, []).append(row)
    heights = [len(kept) + 1.2 for kept in works.values()]
    figure, panels = plt.subplots(
        len(works), 1, sharex=True, squeeze=False, height_ratios=heights,
        figsize=(8.0, 0.6 + 0.28 * sum(heights)), layout="constrained",
    )  # fmt: skip
    for axes, (work, kept) in zip(panels[:, 0], works.items(), strict=True):
        places = range(len(kept))
        axes.barh(places, [row.ratio for row in kept], color="#4878a8")
        axes.set_yticks(places, [f"{row.who} to {row.ratio_to}" for row in kept], fontsize=8)
        axes.set_title(work, loc="left", fontsize=9)
        axes.axvline(1.0, color="black", lw=0.8)
        axes.set_xscale("log")
        axes.invert_yaxis()
        axes.margins(x=0.15)  # room for the numbers
        axes.spines[["top", "right"]].set_visible(False)
        for place, row in zip(places, kept, strict=True):
            axes.annotate(f" {row.ratio:.3g}", (row.ratio, place), va="center", fontsize=8)
    panels[-1, 0].set_xlabel("times as fast")
    figure.savefig(path, dpi=150)
    plt.close(figure)
