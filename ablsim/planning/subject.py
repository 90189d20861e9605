"""Who is treated: everything of a case but fibres and protocol, and where no needle may go."""

import copy
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.case import SCHEMA, Case
from ablsim.case_tables import TumourTable
from ablsim.case_text import write_toml
from ablsim.cohort.cases import finest
from ablsim.errors import CaseError
from ablsim.extent import automatic_extent, box_around
from ablsim.geometry import distance_to_tube
from ablsim.grid import Point
from ablsim.planning.prescription import Prescription
from ablsim.planning.prescription_text import write_fibres, write_steps
from ablsim.quantities import LENGTH, POSITION
from ablsim.uncertainty.factors import writable

NEEDLE = 1.5e-3
"""Nearest that a needle may come to the lumen of a vessel, or to an organ [m]."""

LIGHT_INTERVAL = "60 s"
"""Longest age of the light in a planner's runs; it is renewed as tissue changes all the same.

Against 5 s no figure of a run moved in four digits, at 1.3 to 1.7 times the speed.
"""

PHOTONS = 3_000
"""Photons of a light update in a planner's runs, where a case asks for no fewer.

Against 30,000, and from seed to seed, reserves move by 0.005 mm; runs take no longer than with
light by diffusion.
"""

REACH = 22e-3
"""Tissue around every tip in a planner's runs [m].

Only where blood flows around the zone: then, against the 35 mm that a case has by itself, no
reserve moved by more than 0.001 mm, with a third of the cells. Without flow heat goes further, and
a domain of 22 mm ablated 2 % less.
"""

LARGEST = 150e-3
"""Longest diameter of a tumour that is planned for [m]: above it, some hundred insertions."""

_AXES = 3
_TIMES = re.compile(r"\s*[x\u00d7*]\s*")
_POINTS = 700  # of the tumour
_NEEDLE_LENGTH = 120e-3  # m of it that is looked at
_NO_GO_POINTS = 250  # of organs, nearest to the tumour

Table = dict[str, Any]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A tumour in its tissue, with vessels and organs.

    Parameters
    ----------
    case : Case
        Any case of it; what it says of fibres and protocol is not used but for the fibre's kind.
    """

    case: Case

    @property
    def tumour(self) -> TumourTable:
        """What is treated."""
        tumour = self.case.tumour
        if tumour is None:  # refused when it was made
            msg = "a plan needs a tumour"
            raise AssertionError(msg)
        return tumour

    @cached_property
    def table(self) -> Table:
        """The tables of its case file, without fibres, protocol and probes."""
        table = writable(self.case)
        for key in ("fibre", "fibres", "protocol", "probe"):
            table.pop(key, None)
        return table

    @cached_property
    def fibre_keys(self) -> Table:
        """What all fibres have in common, as a case file says it."""
        whole = writable(self.case)
        one = {**(whole.get("fibre") or [whole.get("fibres", {})])[0]}
        kept = ("kind", "core_diameter", "numerical_aperture", "length", "transmission")
        return {key: one[key] for key in kept if key in one}

    @property
    def _has_flow(self) -> bool:
        """Whether blood carries heat away all around the zone."""
        stopped = ("none", "occluded")
        return self.case.tissue.perfusion not in stopped and self.tumour.perfusion not in stopped

    @cached_property
    def points(self) -> FloatArray:
        """Points that fill the tumour and the margin asked for evenly, LPS [m], shape (n, 3)."""
        return self.fill(_POINTS)

    def fill(self, count: int) -> FloatArray:
        """Return about so many points that fill the tumour and the margin asked for, (n, 3) [m].

        Those in vessels and organs are left out: nobody has to ablate these.
        """
        tumour = self.tumour
        reach = np.asarray(tumour.half_extent) + tumour.margin
        step = (float(np.prod(2.0 * reach)) / (2.0 * count)) ** (1.0 / 3.0)
        lines = [
            step * (np.arange(-(n := int(r / step)), n + 1)) + c
            for r, c in zip(reach, tumour.centre, strict=True)
        ]
        cloud = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
        away = tumour.body.distance(cloud)
        cloud = cloud[away <= tumour.margin]
        return cloud[self.clearance(cloud) > 0.0]

    @cached_property
    def no_go(self) -> FloatArray:
        """Points of the organs that have limits, where they are nearest to the tumour [m]."""
        found = [np.zeros((0, 3))]
        tumour = self.tumour
        for organ in self.case.organs:
            if organ.no_go is None:
                continue
            half = 0.5 * max(tumour.axes) + tumour.margin + 30e-3
            line = np.arange(-half, half + 1e-9, 2e-3)
            cloud = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
            cloud += np.asarray(tumour.centre)
            depth = -organ.body.distance(cloud)
            found.append(cloud[(depth >= 0.0) & (depth < 3e-3)])
        every = np.concatenate(found)
        away = tumour.body.distance(every)
        return every[np.argsort(away)[:_NO_GO_POINTS]]

    @cached_property
    def reached(self) -> dict[object, NDArray[np.bool_]]:
        """Which places needles were found to reach, by direction, pattern and length."""
        return {}

    def clearance(self, points: FloatArray) -> FloatArray:
        """Return how far points are from the lumen of any vessel and from any organ [m].

        What lies all around a mask, as around a liver, is what needles come through.
        """
        away = np.full(points.shape[:-1], np.inf)
        for vessel in self.case.vessels:
            rows = np.asarray(vessel.points)
            away = np.minimum(away, distance_to_tube(points, rows, 0.5 * vessel.diameter))
        for organ in self.case.organs:
            is_other = organ.tissue != self.case.tissue.background and not organ.outside
            if organ.no_go is not None or is_other:
                away = np.minimum(away, organ.body.distance(points))
        return away

    def is_reachable(self, tips: FloatArray, direction: Point) -> NDArray[np.bool_]:
        """Say which tips [m], shape (..., 3), a straight needle reaches.

        It must keep `NEEDLE` from the lumen of every vessel and from every organ that is not
        simply a border of the liver behind which the needle comes from.
        """
        if not self.case.vessels and not self.case.organs:
            return np.ones(tips.shape[:-1], dtype=bool)
        back = np.arange(0.0, _NEEDLE_LENGTH, 3e-3)
        path = tips[..., None, :] - back[:, None] * np.asarray(direction)
        return np.asarray((self.clearance(path) >= NEEDLE).all(axis=-1))

    def write(
        self, plan: Prescription, spacing: float, title: str = "", *, whole: bool = False
    ) -> Table:
        """Return the tables of the case of a treatment.

        Parameters
        ----------
        plan : Prescription
            The treatment.
        spacing : float
            Edge of a cell [m]; finer where fibres are close to each other.
        title : str
            Of the case; by default what the treatment is.
        whole : bool
            Whether it has the whole domain that a case has by itself, and fresh light as often.
        """
        table = copy.deepcopy(self.table)
        cell = finest(spacing, [placement.tips for placement in plan.placements])
        numerics = {
            **table.pop("numerics"),
            "spacing": LENGTH.write(cell),
        }
        if not whole:
            numerics["light_interval"] = LIGHT_INTERVAL
            numerics["photons"] = min(PHOTONS, self.case.numerics.photons)
        if self.case.domain.size is None and self._has_flow and not whole:
            table["domain"] = {**table.get("domain", {}), **self._domain(plan, cell)}
        return {
            **table,
            "schema": SCHEMA,
            "title": title or plan.describe(),
            "fibre": write_fibres(plan, self.fibre_keys),
            "protocol": {"steps": write_steps(plan)},
            "numerics": numerics,
        }

    def _domain(self, plan: Prescription, spacing: float) -> Table:
        """Return the part of the body that coarse runs compute: less than a case does by itself."""
        axis = np.asarray(plan.direction)
        lit = self.case.fibres_all[0].length  # of a diffuser, behind its tip
        boxes = [
            box_around(
                [_point(tip), _point(np.asarray(tip) - (placement.length + lit) * axis)], REACH
            )
            for placement in plan.placements
            for tip in placement.tips
        ]
        tumour = self.tumour
        half = np.asarray(tumour.half_extent) + tumour.margin
        centre = np.asarray(tumour.centre)
        boxes.append(box_around([_point(centre - half), _point(centre + half)], 2.0 * spacing))
        middle, size = automatic_extent(boxes, spacing)
        return {"centre": POSITION.write(middle), "size": POSITION.write(size)}

    def text(self, plan: Prescription, spacing: float) -> str:
        """Return the text of that case."""
        return write_toml(self.write(plan, spacing))


def _point(xyz: FloatArray | Point) -> Point:
    x, y, z = (float(part) for part in xyz)
    return (x, y, z)


def make_subject(case: Case) -> Subject:
    """Return the subject of a case.

    Raises
    ------
    CaseError
        If it has no tumour, one beyond `LARGEST`, or nothing that could stop perfusion or heat it.
    """
    if case.tumour is None:
        msg = "the case: has no tumour; a plan needs a [tumour]"
        raise CaseError(msg)
    if (longest := max(case.tumour.axes)) > LARGEST:
        msg = (
            f"the tumour: {1e3 * longest:.0f} mm across; plans are made up to {1e3 * LARGEST:.0f} "
            "mm; what a layout of your own does to a larger one, ablsim run CASE.toml says"
        )
        raise CaseError(msg)
    return Subject(case)


def describe_subject(
    *,
    diameter: str,
    tissue: str,
    perfusion: str,
    margin: str,
    background: str,
) -> Case:
    """Return a case of a tumour that is given by a few words.

    ``diameter`` is that of a sphere, such as "35 mm", or what a report says of an ellipsoid:
    "35 x 28 x 22 mm", from the patient's right to left, front to back and feet to head. Of two
    diameters the shorter one stands for the third.

    Raises
    ------
    CaseError
        With what is wrong with any of them.
    """
    table = {
        "schema": SCHEMA,
        "title": f"{tissue}, {diameter}",
        "tissue": {"background": background},
        "tumour": {
            "tissue": tissue,
            "perfusion": perfusion,
            **_shape(diameter),
            "margin": margin,
        },
        "fibre": [{"kind": "bare", "tip": ["0 mm"] * 3, "direction": [0, 0, -1]}],
        "protocol": {"steps": ["deliver 5 W until 1800 J"]},
        "numerics": {"spacing": "2 mm"},
    }
    return Case.from_dict(table, source="the tumour")


def _shape(text: str) -> dict[str, Any]:
    """Return the keys of a tumour of a reported size; what makes no sense is left to the case."""
    parts = [part.strip() for part in _TIMES.split(text)]
    if len(parts) == 1 or len(parts) > _AXES:
        return {"shape": "sphere", "diameter": text}
    unit = parts[-1].lstrip("0123456789.eE+-").strip()
    axes = [part if part[-1:].isalpha() else f"{part} {unit}" for part in parts]
    if len(axes) < _AXES:
        try:
            axes.append(min(axes, key=LENGTH.read))
        except CaseError:
            axes.append(axes[-1])
    return {"shape": "ellipsoid", "axes": axes}
