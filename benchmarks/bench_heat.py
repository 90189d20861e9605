"""Heat and damage: how fast, beside peers, beside what one would write first, and how it grows.

    python benchmarks/bench_heat.py [linear elements step region stepping treatment] [--repeats 5]
                                    [--peer PYTHON] [--json] [--plot F] [--smoke]

- linear: one linear problem by ablsim, numpy, JAX, PyTorch and Devito (of the interpreter
  ``--peer``, by default this one; those that are there), and a copy of the memory.
- elements: the linear problem by finite elements (scikit-fem), with the error of both.
- step: one Euler step of all the physics, whole domain, beside a straightforward kernel.
- region: the active region beside the whole domain, one fibre and four.
- stepping: long steps in the cool-down beside Euler steps throughout, at 0.5 mm.
- treatment: the heat of a whole treatment beside linear steps of numpy over the whole domain.

In each repeat all sides run one after the other; ratios are medians of those within repeats. On a
machine that does something else as well, only the ratios mean something.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np

import ablsim
from ablsim.benchmarks.machine import describe, machine
from ablsim.benchmarks.report import Row, as_json, as_text, plot
from ablsim.benchmarks.straightforward_heat import step as straightforward_step
from ablsim.domain import make_domain
from ablsim.simulation import make_solver

SIZES = {128: 40, 256: 40, 384: 24}
"""Cells along an edge, and steps of a repeat."""

OWN = ("ablsim", "ablsim, one step a pass", "numpy", "copy")
"""What runs in this interpreter; the first is held against all others."""

LOOSER = "0.05 K"
"""Tolerance of the active region that a whole treatment is computed with beside the default."""

PEERS = ("JAX", "PyTorch", "Devito")

TREATMENT = """
schema = "ablsim/case/1"
title = "Fibres in perfused liver, 160 mm"
[domain]
size = "{size} mm"
centre = ["0 mm", "0 mm", "0 mm"]
[tissue]
background = "liver"
[fibres]
kind = "bare"
pattern = "{pattern}"
{spacing}
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W per fibre for {on} s", "rest for {off} s"]
[numerics]
spacing = "{edge} mm"
output_interval = "{output} s"
"""


def make_case(pattern="single", *, size=160, edge=1, on=360, off=360, output=3600, **numerics):
    """Return a treatment in the middle of a cube."""
    spacing = "" if pattern == "single" else 'spacing = "15 mm"'
    case = ablsim.Case.from_text(
        TREATMENT.format(
            size=size, pattern=pattern, spacing=spacing, edge=edge, on=on, off=off, output=output
        )
    )
    return case.replace({f"numerics.{key}": value for key, value in numerics.items()})


class Contestant:
    """A process that solves the linear problem of `linear_heat.py` when it is told to."""

    def __init__(self, python, who):
        self.who = who
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("linear_heat.py")), who],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, n, steps):
        """Return what a job took; None if the program is not there."""
        try:
            self._process.stdin.write(json.dumps({"n": n, "steps": steps}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def end(self):
        """Stop it; return the last thing it said, if it failed."""
        said = self._process.communicate()[1].strip().splitlines()
        return said[-1] if said and self._process.returncode else ""


def linear(repeats, python, *, smoke):
    """Return the rows of the linear problem."""
    rows = []
    for n, steps in {32: 8}.items() if smoke else SIZES.items():
        contestants = [Contestant(sys.executable, who) for who in OWN]
        contestants += [Contestant(python, who) for who in PEERS]
        found = {one.who: [] for one in contestants}
        for repeat in range(repeats + 1):  # the first warms up
            for one in contestants:
                answer = one.run(n, steps)
                if answer is None:
                    found.pop(one.who, None)
                elif repeat > 0:
                    found[one.who].append(answer)
        for one in contestants:
            if said := one.end():
                print(f"{one.who} is left out: {said}", file=sys.stderr)
        cells = n**3 * steps / 1e9
        own = [answer["wall_s"] for answer in found[OWN[0]]]
        walls = {who: [one["wall_s"] for one in answers] for who, answers in found.items()}
        speed = {who: cells / median(values) for who, values in walls.items()}
        work, unit = f"linear step, {n}^3", "1e9 cell-steps/s, wall"
        rows += [Row(work, who, value, unit, repeats=repeats) for who, value in speed.items()]
        rows += [
            Row(work, OWN[0], speed[OWN[0]], unit, who,
                median(other / mine for other, mine in zip(walls[who], own, strict=True)), repeats)
            for who in list(walls)[1:]
        ]  # fmt: skip
    return rows


def elements(repeats, python, *, smoke):
    """Return the rows of the linear problem by finite elements, and how wrong both are."""
    rows, names = [], (OWN[0], "scikit-fem")
    for n in (16,) if smoke else (32, 64):
        pair = [Contestant(sys.executable, names[0]), Contestant(python, names[1])]
        found = [[one.run(n, 80) for one in pair] for _ in range(repeats)]
        for one in pair:
            if said := one.end():
                print(f"{one.who} is left out: {said}", file=sys.stderr)
        if found[0][1] is None:
            continue
        for one, answers in zip(names, zip(*found, strict=True), strict=True):
            ratio = median(b["wall_s"] / a["wall_s"] for a, b in found) if one == OWN[0] else None
            error = f"error {answers[0]['error_k']:.2g} K"
            rows.append(
                Row(f"linear problem, {n}^3, 80 Euler steps long", one,
                    median(answer["wall_s"] for answer in answers), "s, wall",
                    ratio and names[1], ratio, repeats, error)
            )  # fmt: skip
    return rows


def heated(case, seconds):
    """Return the state of the heat solver after some seconds, on the whole domain."""
    kept = []

    def stop(now, end):
        if now >= seconds:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        ablsim.simulate(case, on_progress=stop, on_checkpoint=lambda one: kept.append(one))
    solver = make_solver(case, make_domain(case))
    solver.restore(kept[-1].parts["solver"])
    return solver


def step(repeats, python, *, smoke):
    """Return the rows of one Euler step of all the physics."""
    size, n_steps = (40, 2) if smoke else (128, 20)
    case = make_case(size=size, active_region_tolerance="0 K")
    solver = heated(case, 5.0 if smoke else 200.0)
    dt, inner = solver.time_step, solver.inner
    of = np.float64
    theta, water, label = (np.array(inner(name)) for name in ("theta", "water", "code"))
    theta, water, q = theta.astype(of), water.astype(of), np.array(inner("q"), dtype=of)
    damage = np.array([inner(name) for name in ("stasis", "whitening", "death")], dtype=of)
    new, left = np.empty_like(theta), np.empty_like(water)
    settings, medium = solver.settings, solver.medium
    start = {
        key: value.copy() if hasattr(value, "copy") else value
        for key, value in solver.state().items()
    }

    def plain():
        nonlocal theta, new, water, left
        for _ in range(n_steps):
            straightforward_step(
                theta, water, damage, label, medium.table, settings.kinetics, q, dt,
                medium.grid.spacing, settings.base_temperature, medium.boiling_rise, new, left,
            )  # fmt: skip
            theta, new, water, left = new, theta, left, water

    def own():
        solver.restore(start)
        solver.advance(1e-9, 1)  # what restoring has left to do
        began = time.perf_counter(), time.process_time()
        solver.advance(n_steps * dt, n_steps)
        return time.perf_counter() - began[0], time.process_time() - began[1]

    def timed(work):
        began = time.perf_counter(), time.process_time()
        work()
        return time.perf_counter() - began[0], time.process_time() - began[1]

    numpy_step = Contestant(sys.executable, "numpy")
    pairs = []
    for repeat in range(repeats + 1):
        mine, other = own(), timed(plain)
        linear_cpu = numpy_step.run(size, n_steps)["cpu_s"]
        if repeat > 0:
            pairs.append((mine, other, linear_cpu))
    numpy_step.end()
    cells = size**3 * n_steps / 1e9
    work, wall, cpu = f"all physics, {size}^3", "1e9 cell-steps/s, wall", "1e9 cell-steps/s, CPU"
    other, linear_step = "straightforward, float64", "numpy, linear step"
    return [
        Row(work, other, cells / median(o[0] for _, o, _ in pairs), wall, repeats=repeats),
        Row(work, linear_step, cells / median(p for _, _, p in pairs), cpu, repeats=repeats),
        Row(work, "ablsim", cells / median(m[0] for m, _, _ in pairs), wall, other,
            median(o[0] / m[0] for m, o, _ in pairs), repeats),
        Row(work, "ablsim", cells / median(m[1] for m, _, _ in pairs), cpu, linear_step,
            median(p / m[1] for m, _, p in pairs), repeats),
    ]  # fmt: skip


def apart(one, other):
    """Return in words by how much a result differs from another."""
    zones = [ablsim.measure_zones(result)["stasis"].volume for result in (one, other)]
    most = float(np.abs(one.fields.rise - other.fields.rise).max())
    return f"at the end {most:.3g} K apart, zone {100 * (zones[0] / zones[1] - 1):+.4f} %"


def compare(work, one, other, names, repeats):
    """Return the rows of two ways to compute a case, the second being the yardstick."""
    pairs = []
    for repeat in range(repeats + 1):
        results = [ablsim.simulate(case) for case in (one, other)]
        if repeat > 0:
            pairs.append([result.statistics.wall_heat for result in results])
    return [
        Row(work, names[0], median(a for a, _ in pairs), "s of heat", names[1],
            median(b / a for a, b in pairs), repeats, apart(*results)),
        Row(work, names[1], median(b for _, b in pairs), "s of heat", repeats=repeats),
    ]  # fmt: skip


def region(repeats, python, *, smoke):
    """Return the rows of the active region beside the whole domain."""
    rows = []
    for pattern, name in (("single", "one fibre"), ("square", "four fibres")):
        more = {"size": 60, "on": 20, "off": 20} if smoke else {}
        case = make_case(pattern, **more)
        whole = case.replace({"numerics.active_region_tolerance": "0 K"})
        n = case.grid().shape[0]
        rows += compare(
            f"{case.protocol.duration:.0f} s on {n}^3, {name}", case, whole,
            ("active region", "whole domain"), min(repeats, 2),
        )  # fmt: skip
    return rows


def stepping(repeats, python, *, smoke):
    """Return the rows of long steps beside Euler steps, at 0.5 mm."""
    more = {"size": 40, "on": 10, "off": 30} if smoke else {"size": 60}
    case = make_case(edge=1 if smoke else 0.5, **more)
    euler = case.replace({"numerics.time_stepping": "euler"})
    n = case.grid().shape[0]
    return compare(
        f"{case.protocol.duration:.0f} s on {n}^3 of {1e3 * case.numerics.edge:g} mm", case, euler,
        ("auto", "Euler"), min(repeats, 3),
    )  # fmt: skip


def treatment(repeats, python, *, smoke):
    """Return the rows of a whole treatment beside linear steps of numpy over the whole domain."""
    case = make_case(**({"size": 40, "on": 10, "off": 10} if smoke else {}))
    looser = case.replace({"numerics.active_region_tolerance": LOOSER})
    n, few = case.grid().shape[0], 5
    numpy_step = Contestant(sys.executable, "numpy")
    found = []
    for repeat in range(repeats + 1):
        results = [ablsim.simulate(one) for one in (case, looser)]
        one_step = numpy_step.run(n, few)["wall_s"] / few
        if repeat > 0:
            work, less = (result.statistics for result in results)
            steps = case.protocol.duration / work.time_step
            found.append((work.wall_heat, less.wall_heat, work.wall_light, work.wall_total,
                          steps * one_step))  # fmt: skip
    numpy_step.end()
    heat, looser_heat, light, total, other = (median(row) for row in zip(*found, strict=True))
    name = f"{case.protocol.duration:.0f} s on {n}^3, one fibre"
    beside = "numpy, linear, whole domain"

    def times(i):
        return median(entry[4] / entry[i] for entry in found)

    return [
        Row(name, "heat", heat, "s", beside, times(0), repeats),
        Row(name, f"heat, tolerance {LOOSER}", looser_heat, "s", beside, times(1), repeats,
            apart(*reversed(results))),
        Row(name, "numpy, linear", other, "s", repeats=repeats),
        Row(name, "light", light, "s", repeats=repeats),
        Row(name, "all", total, "s", beside, times(3), repeats),
    ]  # fmt: skip


PARTS = {
    "linear": linear, "elements": elements, "step": step, "region": region, "stepping": stepping,
    "treatment": treatment,
}  # fmt: skip


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if strangers := [part for part in options.parts if part not in PARTS]:
        parser.error(f"{', '.join(strangers)}: no such part; there are {', '.join(PARTS)}")
    if shutil.which(options.peer) is None:
        parser.error(f"--peer {options.peer}: there is no such program; give a Python")
    facts, rows = machine(), []
    if not options.json:
        print(describe(facts), flush=True)
    for part in options.parts or PARTS:
        found = PARTS[part](1 if options.smoke else options.repeats, options.peer,
                            smoke=options.smoke)  # fmt: skip
        rows += found
        if not options.json:
            print(as_text(found), flush=True)
    if options.json:
        print(as_json(facts, rows))
    if options.plot is not None:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
