"""Field types of the case file for centre lines, and for the axes of ellipsoids."""

from dataclasses import dataclass
from typing import Any

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.quantities import DIRECTION, POSITION, FieldType, unit_vector


@dataclass(frozen=True, slots=True)
class Polyline(FieldType):
    """Two or more points, one after the other."""

    def read(self, value: object) -> tuple[Point, ...]:
        """Return the points [m]."""
        if not isinstance(value, (list, tuple)) or len(value) < 2:
            msg = (
                "a centre line needs at least two points; write for example "
                '[["22 mm", "-40 mm", "0 mm"], ["22 mm", "40 mm", "0 mm"]]'
            )
            raise CaseError(msg)
        points: list[Point] = []
        for number, text in enumerate(value, start=1):
            try:
                points.append(POSITION.read(text))
            except CaseError as error:
                msg = f"point {number}: {error}"
                raise CaseError(msg) from None
            if len(points) > 1 and points[-1] == points[-2]:
                msg = f"points {number - 1} and {number} are the same; leave one out"
                raise CaseError(msg)
        return tuple(points)

    def write(self, value: tuple[Point, ...]) -> list[list[str]]:
        """Return the points' texts."""
        return [POSITION.write(point) for point in value]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the list."""
        return {"type": "array", "items": POSITION.json_schema(), "minItems": 2}


@dataclass(frozen=True, slots=True)
class Orientation(FieldType):
    """Directions of the first two axes of an ellipsoid."""

    def read(self, value: object) -> tuple[Point, Point]:
        """Return what the case file says, checked."""
        example = "write for example [[1, 0, 0], [0, 1, 0]]"
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            msg = f"the directions of the first two axes are needed; {example}"
            raise CaseError(msg)
        first, second = (DIRECTION.read(direction) for direction in value)
        if abs(sum(a * b for a, b in zip(first, second, strict=True))) > 1e-3:
            msg = f"the two axes are not perpendicular to each other; {example}"
            raise CaseError(msg)
        return first, second

    def write(self, value: tuple[Point, Point]) -> list[list[float]]:
        """Return what stands in the case file."""
        return [DIRECTION.write(direction) for direction in value]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema."""
        items = DIRECTION.json_schema()
        return {"type": "array", "items": items, "minItems": 2, "maxItems": 2}


def complete_frame(first: tuple[Point, Point] | None) -> tuple[Point, Point, Point]:
    """Return the unit directions of all three axes, one a row; x, y and z if none are given.

    The second is made exactly square to the first, the third completes a right-handed frame.
    """
    if first is None:
        return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    (x, y, z), given = first
    lean = x * given[0] + y * given[1] + z * given[2]
    u, v, w = unit_vector((given[0] - lean * x, given[1] - lean * y, given[2] - lean * z))
    third = (y * w - z * v + 0.0, z * u - x * w + 0.0, x * v - y * u + 0.0)
    return (x, y, z), (u, v, w), third
