"""Probes and organs in a result file: the groups ``/ablsim/probes`` and ``/ablsim/organs``."""

import h5py
import numpy as np

from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.result import Result
from ablsim.storage.layout import TEXT

_DAMAGE = ("stasis", "whitening", "death")
_PEAKS = (("peak", "K"), ("peak_time", "s"), ("damage", "1"))


def write_exposure(ours: h5py.Group, result: Result) -> None:
    """Write what probes recorded and what organs went through into the group ``/ablsim``."""
    curves = result.probes
    probes = ours.create_group("probes")
    probes.create_dataset("name", data=[c.name for c in curves], shape=(len(curves),), dtype=TEXT)
    _write(probes, "position", np.array([c.position for c in curves]).reshape(-1, 3), "m")
    times = curves[0].times if curves else np.zeros(0)
    _write(probes, "time", times, "s")
    readings = np.array([curve.temperatures for curve in curves])
    _write(probes, "temperature", readings.reshape(len(curves), len(times)), "K")
    for name in _DAMAGE:
        _write(probes, f"damage_{name}", np.array([getattr(c, name) for c in curves]), "1")
    found = result.organs
    organs = ours.create_group("organs")
    organs.create_dataset("name", data=[o.name for o in found], shape=(len(found),), dtype=TEXT)
    for name, unit in _PEAKS:
        _write(organs, name, np.array([getattr(o, name) for o in found]), unit)


def read_probes(ours: h5py.Group) -> tuple[ProbeCurve, ...]:
    """Return what the probes recorded; nothing from files that have no such group."""
    if "probes" not in ours:
        return ()
    group = ours["probes"]
    time = group["time"][()]
    damages = [group[f"damage_{name}"][()] for name in _DAMAGE]
    return tuple(
        ProbeCurve(
            str(name),
            tuple(group["position"][i].tolist()),
            time,
            group["temperature"][i],
            *(float(damage[i]) for damage in damages),
        )
        for i, name in enumerate(group["name"].asstr()[()])
    )


def read_organs(ours: h5py.Group) -> tuple[OrganExposure, ...]:
    """Return what the organs went through; nothing from files that have no such group."""
    if "organs" not in ours:
        return ()
    group = ours["organs"]
    columns = [group[name][()].tolist() for name, _ in _PEAKS]
    names = group["name"].asstr()[()]
    return tuple(OrganExposure(str(n), *row) for n, *row in zip(names, *columns, strict=True))


def _write(group: h5py.Group, name: str, values: np.ndarray, unit: str) -> None:
    data = group.create_dataset(name, data=np.asarray(values, dtype=np.float64))
    data.attrs["units"] = unit
