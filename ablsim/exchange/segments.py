"""What each voxel is after the treatment, as a label, and the maps behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.exchange.frame import Frame
from ablsim.front import damage_front
from ablsim.geometry import distance_to_tube
from ablsim.result import Result
from ablsim.units import to_celsius
from ablsim.view.plane import sample

ABLATED_TUMOUR, TUMOUR_LEFT, ABLATED_AROUND, FIRST_OTHER = 1, 2, 3, 4


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Labels of voxels and their names.

    Parameters
    ----------
    frame : Frame
        Where they are.
    labels : ndarray of uint8, shape (nz, ny, nx)
        0 is everything else.
    names : mapping of int to str
        What the other labels mean.
    """

    frame: Frame
    labels: NDArray[np.uint8]
    names: Mapping[int, str]

    def volumes(self) -> dict[int, float]:
        """Return the volume of each label [mL], by counting."""
        counts = np.bincount(self.labels.ravel(), minlength=max(self.names, default=0) + 1)
        return {label: float(counts[label]) * self.frame.voxel_volume / 1e3 for label in self.names}


def segment(result: Result, frame: Frame | None = None) -> Segments:
    """Return what each voxel is: treated or left, tumour or around it, vessel, organ.

    Parameters
    ----------
    result : Result
        The zone is the one that the case reports.
    frame : Frame, optional
        Voxels; by default the result's own cells. On others the border of the zone is interpolated
        between the cells, and bodies of the case are where the case says.
    """
    frame = Frame.of_grid(result.grid) if frame is None else frame
    front = front_of(result)
    labels = np.zeros(frame.shape, dtype=np.uint8)
    for number in range(frame.shape[0]):
        labels[number] = label_plane(result, front, frame.plane(number))
    return Segments(frame, labels, name_segments(result))


def name_segments(result: Result) -> dict[int, str]:
    """Return what the labels of a result mean."""
    case = result.case
    if case.tumour is None:
        names = {ABLATED_AROUND: "ablated tissue"}
    else:
        names = {
            ABLATED_TUMOUR: "ablated tumour",
            TUMOUR_LEFT: "tumour left",
            ABLATED_AROUND: "ablated tissue around the tumour",
        }
    others = [*(vessel.name for vessel in case.vessels), *(organ.name for organ in case.organs)]
    return names | dict(enumerate(others, start=FIRST_OTHER))


def front_of(result: Result) -> NDArray[np.float32]:
    """Return a field that is positive in the cells of the reported zone, negative elsewhere."""
    blood = [i for i, name in enumerate(result.materials) if name == "blood"]
    omega = getattr(result.fields, result.case.physics.reported_zone)
    front = damage_front(omega, np.isin(result.labels, blood))
    return np.asarray(front, dtype=np.float32)


def label_plane(
    result: Result, front: NDArray[np.float32], points: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return what lies at points of shape (ny, nx, 3) [m]."""
    case = result.case
    is_ablated = _look_up(result, front, points, -1.0) > 0.0
    labels = np.where(is_ablated, ABLATED_AROUND, 0).astype(np.uint8)
    tumour = case.tumour
    if tumour is not None:
        away = tumour.body.distance(points)
        inside = away <= 0.0
        labels[inside] = np.where(is_ablated[inside], ABLATED_TUMOUR, TUMOUR_LEFT)
    first = FIRST_OTHER + len(case.vessels)
    for number, organ in reversed(list(enumerate(case.organs, start=first))):
        labels[organ.body.contains(points)] = number  # the first one wins, as in a run
    for number, vessel in reversed(list(enumerate(case.vessels, start=FIRST_OTHER))):
        labels[distance_to_tube(points, vessel.points, 0.5 * vessel.diameter) <= 0.0] = number
    return labels


def maps(result: Result, frame: Frame | None = None) -> dict[str, NDArray[np.float32]]:
    """Return temperature [degC] and damage at the end, linearly interpolated.

    Outside the result's cells tissue is at body temperature and without damage.
    """
    frame = Frame.of_grid(result.grid) if frame is None else frame
    body = result.base_temperature
    fields = {
        "temperature_degC": (to_celsius(body + result.fields.rise), to_celsius(body)),
        "stasis_omega": (result.fields.stasis, 0.0),
        "whitening_omega": (result.fields.whitening, 0.0),
        "death_omega": (result.fields.death, 0.0),
    }
    found = {name: np.empty(frame.shape, dtype=np.float32) for name in fields}
    for number in range(frame.shape[0]):
        points = frame.plane(number)
        for name, (values, outside) in fields.items():
            found[name][number] = _look_up(result, values, points, outside)
    return found


def _look_up(
    result: Result, values: NDArray[np.float32], points: NDArray[np.float64], outside: float
) -> NDArray[np.float64]:
    """Return values of cells at points, linear between their centres; ``outside`` beyond them."""
    found = sample(result.grid, values, points)
    return np.where(result.grid.contains(points), found, outside)
