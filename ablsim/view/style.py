"""How things look: one colour, line and name for each thing, in every picture.

Warm colours are temperature and nothing else. Green is the tumour (dashed with the margin asked
for), violet the zone that the case reports, blue and red are vessels, cyan is where light leaves a
fibre, which is pale, in a grey needle; leaf green and greys are organs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap, Normalize

from ablsim.units import ZERO_CELSIUS, to_celsius

INK = "#1d1d1f"
QUIET = "#6b6b70"
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
SHAFT = "#5f6368"
GLASS = "#eef2f4"
TIP = "#00b4d8"
FILM = "#8e3cc4"
TUMOUR = "#00692f"
VEIN = "#3f6fc6"
ARTERY = "#c0282d"
ORGANS = ("#6f9540", "#8a7f73", "#56788a")
FONT: dict[Any, Any] = {"font.family": "DejaVu Sans", "font.size": 13.0, "text.color": INK}

SHOWN_FROM = ZERO_CELSIUS + 41.0
"""Coolest tissue that is coloured [K]."""
_SHOWN_TO = ZERO_CELSIUS + 100.0
_LEAST_SPAN = 20.0

ZONE_NAMES = {"stasis": "vascular stasis", "whitening": "whitening", "death": "cell death"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line's colour, width [points], dashes (on, off, ... in widths; empty is solid), halo."""

    colour: str
    width: float
    dashes: tuple[float, ...] = ()
    halo: str = "white"


TUMOUR_LINE = Line(TUMOUR, 2.2)
MARGIN_LINE = Line(TUMOUR, 2.0, (3.5, 2.0))
REPORTED_LINE = Line("#6a1b9a", 3.2)
_OTHER_LINES = {
    "stasis": Line("#111111", 1.5, (5.0, 1.6, 1.2, 1.6)),
    "whitening": Line("#ffffff", 1.8, (), "#303030"),
    "death": Line("#111111", 1.5, (1.2, 1.6)),
}


def zone_line(name: str, reported: str) -> Line:
    """Return the line of a zone; the one that the case reports is the strongest."""
    return REPORTED_LINE if name == reported else _OTHER_LINES[name]


def vessel_colour(name: str) -> str:
    """Return red for what is called an artery or aorta, blue for every other vessel."""
    return ARTERY if any(word in name.lower() for word in ("arter", "aort")) else VEIN


def organ_colour(number: int) -> str:
    """Return the colour of an organ, counted from 0."""
    return ORGANS[number % len(ORGANS)]


def organ_line(number: int) -> Line:
    """Return the line of an organ's surface, counted from 0."""
    return Line(organ_colour(number), 2.2)


def heat_colours() -> Colormap:
    """Return YlOrRd without its darkest end, so that lines stay visible on the hottest tissue."""
    colours = ListedColormap(colormaps["YlOrRd"](np.linspace(0.04, 0.88, 256)), "heat")
    return colours.with_extremes(over="#7f0d1f", under="white")


def heat_range(hottest: float) -> Normalize:
    """Return the scale in degrees Celsius for a picture whose hottest point is ``hottest`` [K].

    It ends at 100 degC: what dried out is hotter, but how hot depends on the size of the cells.
    """
    top = min(max(hottest, SHOWN_FROM + _LEAST_SPAN), _SHOWN_TO)
    return Normalize(to_celsius(SHOWN_FROM), float(np.ceil(to_celsius(top) / 10.0) * 10.0))
