"""Results made by hand, with fields whose pictures are known in advance."""

from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.exposure import ProbeCurve
from ablsim.result import Fields, Ledger, Record, Result, Snapshot

HEAD = """
schema = "ablsim/case/1"
title = "{title}"
[domain]
size = "60 mm"
centre = ["0 mm", "0 mm", "0 mm"]
[tissue]
background = "liver"
[numerics]
spacing = "2 mm"
[protocol]
steps = [{steps}]
"""
DELIVER = '"deliver 5 W for 60 s", "rest for 120 s"'
PULL_BACK = '"deliver 5 W for 60 s", "pull back 10 mm", "deliver 5 W for 60 s", "rest for 120 s"'
MOVED = (
    '"ramp from 2 W to 5 W over 60 s", "reposition by 0 mm, 10 mm, 0 mm", "deliver 5 W for 60 s"'
)
TUMOUR = """
[tumour]
tissue = "net_metastasis"
shape = "ellipsoid"
axes = ["24 mm", "20 mm", "16 mm"]
centre = ["2 mm", "0 mm", "0 mm"]
margin = "5 mm"
"""
VEIN = """
[[vessel]]
name = "middle hepatic vein"
diameter = "6 mm"
points = [["20 mm", "-40 mm", "0 mm"], ["20 mm", "40 mm", "0 mm"]]
"""
ARTERY = """
[[vessel]]
name = "hepatic artery"
diameter = "3 mm"
points = [["-30 mm", "-12 mm", "-20 mm"], ["-10 mm", "-14 mm", "0 mm"], ["-20 mm", "9 mm", "30 mm"]]
"""
ORGANS = """
[[organ]]
name = "gallbladder"
tissue = "bile"
shape = "ellipsoid"
centre = ["26 mm", "0 mm", "0 mm"]
axes = ["20 mm", "24 mm", "40 mm"]
no_go = { damage = 0.01 }
[[organ]]
name = "diaphragm"
tissue = "muscle"
shape = "half_space"
point = ["0 mm", "0 mm", "22 mm"]
normal = [0, 0, 1]
[[probe]]
name = "T1"
position = ["16 mm", "0 mm", "0 mm"]
[[probe]]
name = "T2"
position = ["0 mm", "-9 mm", "0 mm"]
"""
ARRAY = """
[fibres]
kind = "bare"
pattern = "{pattern}"
spacing = "12 mm"
direction = [{direction}]
"""
DIFFUSER = """
[[fibre]]
name = "D"
kind = "diffuser"
length = "16 mm"
tip = ["0 mm", "0 mm", "-8 mm"]
direction = [0, 0, -1]
"""


def array(pattern, direction="0, 0, -1"):
    return ARRAY.format(pattern=pattern, direction=direction)


CASES = {
    "full": (PULL_BACK, TUMOUR + VEIN + array("square")),
    "bench": (DELIVER, array("single")),
    "diffuser": (DELIVER, DIFFUSER + TUMOUR),
    "two": (DELIVER, array("line", "0, 1, 0") + VEIN + ARTERY),
    "organs": (DELIVER, TUMOUR + ORGANS + array("single")),
    "moved": (MOVED, array("single")),
    "oblique": (PULL_BACK, array("triangle", "-0.4, 0.6, -0.7") + TUMOUR + ARTERY),
}


def make_fields(grid, warmth, centre=(0.0, 0.0, 0.0)):
    """Return heat that falls off around a point, with the zone of stasis where it passed 30 K."""
    x, y, z = grid.axes()
    square = (
        (z[:, None, None] - centre[2]) ** 2
        + (y[None, :, None] - centre[1]) ** 2
        + (x[None, None, :] - centre[0]) ** 2
    )
    rise = (warmth * np.exp(-square / 15e-3**2)).astype(np.float32)
    rise[rise < 0.01] = 0.0
    stasis = np.where(rise > 5.0, np.exp(0.5 * (rise - 30.0)), 0.0).astype(np.float32)
    water = np.clip(1.0 - (rise - 63.0) / 40.0, 0.0, 1.0).astype(np.float32)
    return Fields(rise, stasis, stasis * np.float32(0.2), stasis * np.float32(5.0), water, 0 * rise)


def make_curve(probe, snapshots):
    """Return a curve that starts at 37 degC and shows only how the heat comes and goes."""
    times = np.array([snapshot.time for snapshot in snapshots])
    warmth = np.array([float(snapshot.fields.rise.max()) for snapshot in snapshots])
    return ProbeCurve(probe.name, probe.position, times, 310.15 + 0.2 * warmth)


def make_example(name="full", warmth=80.0):
    steps, body = CASES[name]
    case = Case.from_text(HEAD.format(title=f"Made by hand: {name}", steps=steps) + body)
    grid = case.grid()
    end = case.protocol.duration
    snapshots = []
    for time, share in ((0.0, 0.0), (30.0, 0.7), (60.0, 1.0), (end, 0.3)):
        fired = 5.0 * min(time, 60.0)
        stored = 0.9 * fired * share
        ledger = Ledger(fired=fired, emitted=fired, stored=stored, perfusion=fired - stored)
        fields = make_fields(grid, warmth * share)
        if time == end:
            peak = make_fields(grid, warmth)
            fields = Fields(
                fields.rise, peak.stasis, peak.whitening, peak.death, peak.water, peak.char
            )
        snapshots.append(Snapshot(time, fields, ledger))
    history = tuple(Record(s.time, 5.0 * (0 < s.time <= 60), s.ledger, 1) for s in snapshots)
    result = Result(
        case=case,
        grid=grid,
        labels=np.zeros(grid.shape, np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=snapshots[-1].fields,
        ledger=snapshots[-1].ledger,
        history=history,
        provenance={"ablsim": "0.1.0"},
        probes=tuple(make_curve(probe, snapshots) for probe in case.probes),
    )
    return SimpleNamespace(result=result, snapshots=snapshots)


@pytest.fixture
def example():
    """Return the function that makes a result and its snapshots."""
    return make_example
