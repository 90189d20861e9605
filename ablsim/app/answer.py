"""What a solve of the planning page comes to: numbers in words, and surfaces to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablsim.report.layers import Layer
from ablsim.summary_text import percent, signed, verdict
from ablsim.view.camera import Camera
from ablsim.view.style import ZONE_NAMES

MARGIN_ERROR = 0.4
"""By how many cells the smallest margin may be off.

Of 60 random layouts on 2 mm cells 95 % were within 0.36 cells of full runs on 1 mm, the worst 0.44
(``benchmarks/check_page.py coarse``).
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a treatment.

    Parameters
    ----------
    place : str
        Which of the two layouts it is.
    verdict : str
        What it came to, in one sentence.
    rows : tuple of (str, str)
        Numbers with their names.
    still, moving : tuple of Layer
        What does not change with time, and the rest as it is at the end.
    times : tuple of float
        Moments [s] that will follow.
    camera : Camera
        From where it is seen at first.
    """

    place: str
    verdict: str
    rows: tuple[tuple[str, str], ...]
    still: tuple[Layer, ...]
    moving: tuple[Layer, ...]
    times: tuple[float, ...]
    camera: Camera


@dataclass(frozen=True, slots=True)
class Moment:
    """What is shown of one moment before the end: number among the answer's times, and layers."""

    place: str
    number: int
    moving: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer."""

    place: str
    reason: str


def verdict_of(summary: Mapping[str, Any]) -> str:
    """Return what it came to in one sentence, and a second one where its cells leave that open."""
    tumour = summary["tumour"]
    shift = MARGIN_ERROR * float(summary["numerics"]["spacing_mm"])
    if tumour is None or abs(tumour["margin_min_mm"]) > shift:
        return verdict(summary)
    return f"{verdict(summary)} Within ± {shift:.1f} mm these cells cannot tell: make a full run."


def rows_of(summary: Mapping[str, Any], zone: str) -> dict[str, str]:
    """Return the numbers of a summary in words, by name, with what its cells leave in doubt.

    Parameters
    ----------
    summary : mapping
        As `ablsim.summary.summarise` has it.
    zone : str
        Which zone counts.
    """
    found, numerics = summary["zones"][zone], summary["numerics"]
    volume, likely = found["volume_ml"], summary["error"]["likely"]
    doubt = " (cells too coarse for a bound)" if likely is None else f" ± {100 * likely:.0f} %"
    rows = {}
    tumour = summary["tumour"]
    if tumour is not None:
        rows["Tumour ablated"] = percent(tumour["ablated_fraction"])
        shift = MARGIN_ERROR * numerics["spacing_mm"]
        rows["Smallest margin"] = f"{signed(tumour['margin_min_mm'])} ± {shift:.1f} mm"
    rows[f"Zone of {ZONE_NAMES[zone]}"] = f"{volume:.1f} mL{doubt}"
    axes = " x ".join(f"{axis:.0f}" for axis in found["axes_mm"])
    rows["Its axes"] = f"{axes} mm"
    rows["Healthy tissue ablated"] = f"{summary['healthy_ablated_ml']:.1f} mL"
    rows["Energy fired"] = f"{summary['energy_j']['fired'] / 1e3:.1f} kJ"
    rows["Laser on for"] = f"{summary['protocol']['laser_time_s'] / 60.0:.1f} min"
    for organ in summary["organs"]:
        if organ["within_limits"] is False:
            rows[f"Limit of {organ['name']}"] = "exceeded"
    rows["Computed"] = (
        f"{numerics['cells']:,} cells of {numerics['spacing_mm']:g} mm in "
        f"{numerics['wall_s']['total']:.1f} s"
    )
    return rows
