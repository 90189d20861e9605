"""Whole cases: where the time goes, how cost grows, and how many small ones an hour takes.

    python benchmarks/bench_case.py [CASE.toml] [--repeats 3] [--json] [--plot F] [--smoke]

With a case file, that case: what its wall time is spent on. Without one:

- cells: the same treatment in ever larger tissue, 64^3 to 400^3 cells of 0.5 mm; wall and memory.
- fibres: 1 to 12 fibres that fire together in 160^3 cells of 1 mm.
- many: cases of 64^3 cells, one thread each, in as many processes as there are cores; the light as
  it changes with the tissue, or kept as it is at first.

Every run is one of a process that has run a small case before; medians are printed. Memory is what
the process takes at its peak beyond what it had before the run.
"""

import argparse
import math
import os
import resource
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import ablsim
from ablsim import illumination
from ablsim.benchmarks.machine import describe, machine
from ablsim.benchmarks.report import Row, as_json, as_text
from ablsim.workers import worker_pool

CELLS = (64, 128, 256, 400)
FIBRES = (1, 2, 4, 8, 12)
MANY = 24
"""Small cases of each kind in a repeat."""

CASE = """
schema = "ablsim/case/1"
title = "Fibres in perfused liver"
[domain]
size = "{size} mm"
centre = ["0 mm", "0 mm", "0 mm"]
[tissue]
background = "liver"
{fibres}
[protocol]
steps = ["deliver {power} W per fibre for {on} s", "rest for {off} s"]
[numerics]
spacing = "{edge} mm"
output_interval = "{output} s"
"""

FIBRE = """
[[fibre]]
kind = "bare"
tip = ["{x} mm", "{y} mm", "0 mm"]
direction = [0, 0, -1]
"""


def write_case(*, size, edge=1, fibres=1, power=5, on=360, off=360, output=3600):
    """Return a treatment in the middle of a cube as text, its fibres in rows 15 mm apart."""
    columns = math.ceil(math.sqrt(fibres))
    rows = math.ceil(fibres / columns)
    places = [
        FIBRE.format(
            x=15 * (i % columns - (columns - 1) / 2), y=15 * (i // columns - (rows - 1) / 2)
        )
        for i in range(fibres)
    ]
    return CASE.format(
        size=size, edge=edge, fibres="".join(places), power=power, on=on, off=off, output=output
    )


def measure(text):
    """Simulate once; return wall and CPU seconds, what they were spent on, and memory."""
    case = ablsim.Case.from_text(text)
    ablsim.simulate(ablsim.Case.from_text(write_case(size=20, on=2, off=2)))
    before = _peak()
    wall, cpu = time.perf_counter(), time.process_time()
    result = ablsim.simulate(case)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    work, n = result.statistics, result.grid.n_cells
    return {
        "wall": wall,
        "cpu": cpu,
        "light": work.wall_light,
        "heat": work.wall_heat,
        "output": work.wall_output,
        "cells": n / 1e6,
        "steps": work.steps,
        "cell-steps": work.cell_steps / 1e9,
        "speed of heat": work.cell_steps / work.wall_heat / 1e9,
        "light updates": work.light_updates,
        "memory": (_peak() - before) / n,
    }


UNITS = {
    "wall": "s", "cpu": "s", "light": "s", "heat": "s", "output": "s", "cells": "million",
    "steps": "", "cell-steps": "1e9", "speed of heat": "1e9 cell-steps/s", "light updates": "",
    "memory": "bytes a cell",
}  # fmt: skip


def _peak():
    """Return the most memory that this process has had so far [bytes]."""
    with suppress(OSError):  # what getrusage says may be that of the process that started this one
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run_anew(text):
    """Return what `measure` says in a process of its own."""
    with worker_pool(1, threads=os.cpu_count()) as pool:
        return pool.submit(measure, text).result()


def grow(works, repeats):
    """Return rows of wall, heat, light and memory for texts by their names."""
    rows = []
    for work, text in works.items():
        runs = [run_anew(text) for _ in range(repeats)]
        rows += [
            Row(work, key, statistics.median(run[key] for run in runs), UNITS[key], repeats=repeats)
            for key in ("wall", "heat", "light", "cell-steps", "memory")
        ]
    return rows


def cells(repeats, *, smoke):
    """Return the rows of ever more cells of 0.5 mm."""
    sizes, on = ((32, 48), 2) if smoke else (CELLS, 120)
    return grow(
        {f"{n}^3": write_case(size=n / 2, edge=0.5, on=on, off=2 * on) for n in sizes}, repeats
    )


def fibres(repeats, *, smoke):
    """Return the rows of ever more fibres."""
    numbers, size, on = ((1, 2), 40, 5) if smoke else (FIBRES, 160, 360)
    return grow(
        {
            f"{n} fibre{'s' * (n > 1)}": write_case(size=size, fibres=n, on=on, off=on)
            for n in numbers
        },
        repeats,
    )


def small(text, is_frozen):
    """Simulate a small case; return the volume of its zone [m^3]. Frozen light stays as it is."""
    if is_frozen:
        illumination.OPTICS_CHANGE = illumination.OPTICS_STALE = math.inf
    result = ablsim.simulate(ablsim.Case.from_text(text))
    return ablsim.measure_zones(result)["stasis"].volume


def ready(number):
    """Return at once: the worker is there, with all modules."""
    return number


def many(repeats, *, smoke):
    """Return the rows of small cases by the hour."""
    number, size, on = (2, 20, 2) if smoke else (MANY, 64, 360)
    texts = [write_case(size=size, power=4 + 2 * i / number, on=on, off=on) for i in range(number)]
    workers, rates, starts, firsts = os.cpu_count(), {False: [], True: []}, [], []
    first = write_case(size=16, on=1, off=1)
    for _ in range(repeats):
        for is_frozen, found in rates.items():
            began = time.perf_counter()
            with worker_pool(workers) as pool:
                list(pool.map(ready, range(workers)))
                starts.append(time.perf_counter() - began)
                list(pool.map(small, [first] * workers, [is_frozen] * workers))
                firsts.append(time.perf_counter() - began)
                began = time.perf_counter()
                volumes = list(pool.map(small, texts, [is_frozen] * number))
                found.append(3600.0 * number / (time.perf_counter() - began))
            if not smoke and min(volumes) <= 0.0:
                msg = "a small case made no zone"
                raise AssertionError(msg)
    work = f"cases of {size}^3 cells, {2 * on} s, {workers} processes"
    return [
        Row(work, "frozen light", statistics.median(rates[True]), "an hour", repeats=repeats),
        Row(work, "light feedback", statistics.median(rates[False]), "an hour", repeats=repeats),
        Row(work, "workers", statistics.median(starts), "s", repeats=repeats),
        Row(work, "workers and first case", statistics.median(firsts), "s", repeats=repeats),
    ]


def one_case(path, repeats, *, smoke):
    """Return the rows of a case of a file."""
    case = ablsim.Case.from_toml(path)
    if smoke:
        case = case.replace({"numerics.spacing": "3 mm"})
    runs = [run_anew(case.to_toml()) for _ in range(1 if smoke else repeats)]
    return [
        Row(case.title, key, statistics.median(run[key] for run in runs), unit, repeats=len(runs))
        for key, unit in UNITS.items()
    ]


def plot(rows, path):
    """Draw how wall, heat, light and memory grow, a panel for each kind of growth."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    kinds = {
        "cells along an edge": lambda work: (
            int(work.split("^")[0]) if work.endswith("^3") else None
        ),
        "fibres": lambda work: int(work.split()[0]) if "fibre" in work else None,
    }
    figure, panels = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    for axes, (label, number) in zip(panels, kinds.items(), strict=True):
        for key in ("wall", "heat", "light"):
            found = [(number(r.work), r.value) for r in rows if r.who == key]
            found = [(n, value) for n, value in found if n is not None]
            axes.loglog(*zip(*found, strict=True), "o-", label=key) if found else None
        ticks = sorted({number(r.work) for r in rows if number(r.work) is not None})
        axes.set_xticks(ticks, map(str, ticks))
        axes.minorticks_off()
        axes.set_xlabel(label)
        axes.set_ylabel("s")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path)
    parser.add_argument("--parts", nargs="*", default=[], choices=("cells", "fibres", "many"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--smoke", action="store_true", help="small runs, to see that it works")
    options = parser.parse_args()
    facts, rows, repeats = machine(), [], 1 if options.smoke else options.repeats
    if not options.json:
        print(describe(facts), flush=True)
    if options.case is not None:
        parts = [lambda: one_case(options.case, repeats, smoke=options.smoke)]
    else:
        named = {"cells": cells, "fibres": fibres, "many": many}
        parts = [
            lambda part=named[name]: part(repeats, smoke=options.smoke)
            for name in options.parts or named
        ]
    for part in parts:
        found = part()
        rows += found
        if not options.json:
            print(as_text(found), flush=True)
    if options.json:
        print(as_json(facts, rows))
    if options.plot is not None:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
