"""Monte Carlo light beside MCX on the same processor: photons, and what equal noise costs.

    python benchmarks/bench_light.py [--repeats 5] [--peer PYTHON] [--smoke] [--json]

Each repeat runs, one after the other, MCX (`pmcxcl` of the interpreter ``--peer``, by default this
one, if it is there), the exact engine with MCX's threshold, and the default engine; one thread
each, seconds of the processor. The medians are of the ratios within a repeat. What equal noise
costs in a shell is the relative variance of its energy for one photon times the seconds for one,
from many independent batches; MCX is given the variance of the exact engine, which does the same,
and its own rate.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np

from ablsim.benchmarks.machine import machine
from ablsim.benchmarks.report import Row, as_json
from ablsim.grid import Grid
from ablsim.light.emission import Emission
from ablsim.light.monte_carlo import MonteCarloSolver

CXX_RUNTIME = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
"""Loaded before pmcxcl's own, without which its OpenCL kernels do not build."""

CELLS, SPACING = 60, 1e-3
SHELLS = (2.0, 3.0, 5.0, 10.0, 15.0)
"""Radii of the shells, each a millimetre thick [mm]."""

THRESHOLD = 1e-4
"""Weight at which MCX ends a photon, and the exact engine here plays roulette."""

MEDIA = {
    "A native": {"mu_a": [0.04], "mu_s": [15.0], "g": [0.95]},
    "A ball": {"mu_a": [0.04, 0.03], "mu_s": [15.0, 45.0], "g": [0.95, 0.95], "ball_mm": 5},
    "L native": {"mu_a": [0.05], "mu_s": [8.0], "g": [0.95]},
    "gallbladder": {
        "mu_a": [0.05, 0.013], "mu_s": [8.0, 0.2], "g": [0.95, 0.95], "ball_mm": 8, "ahead_mm": 12
    },
    "cube60": {"mu_a": [0.005], "mu_s": [1.0], "g": [0.01]},
}  # fmt: skip
"""Coefficients in 1/mm, of the second medium in a ball about the tip or ahead of it; cube60 is the
benchmark that comes with MCX, a pencil into the face of a cube."""

PHOTONS = {
    "A native": 3000,
    "A ball": 2000,
    "L native": 4000,
    "gallbladder": 4000,
    "cube60": 60_000,
}
"""Of a run of MCX and of the exact engine."""

DEFAULT = 10_000
"""Photons of a solve by default, with all that a solve takes besides following them."""

BATCHES = 256
"""Independent runs of which a variance is taken: known to 9 %."""


@dataclass
class Media:
    """States of given coefficients, as `ablsim.light.optical_states` has those of tissues."""

    absorption: np.ndarray
    scattering: np.ndarray
    anisotropy: np.ndarray
    cells: np.ndarray


def make_states(medium):
    """Return the states of a medium with a ball of another in it, or without."""
    line = np.arange(CELLS) + 0.5 - CELLS / 2
    along = line - medium.get("ahead_mm", 0)
    inside = (
        along[:, None, None] ** 2 + line[:, None] ** 2 + line**2 < medium.get("ball_mm", 0) ** 2
    )
    return Media(
        1e3 * np.array(medium["mu_a"]), 1e3 * np.array(medium["mu_s"]), np.array(medium["g"]),
        inside.astype(np.uint16),
    )  # fmt: skip


def make_emission(name):
    """Return a point that shines everywhere, or a pencil into a face."""
    down = (0.0, 0.0, 1.0)
    if name == "cube60":
        return Emission((0.0, 0.0, -0.5 * CELLS * SPACING), down, 0.0, 1.0)
    return Emission((0.0, 0.0, 0.0), down, 0.0, 1.0, half_angle=np.pi)


class Own:
    """One of the engines here in one medium."""

    def __init__(self, name, photons, *, is_exact, threshold=None):
        grid = Grid.centred((0.0, 0.0, 0.0), (CELLS * SPACING,) * 3, SPACING)
        states = make_states(MEDIA[name])
        more = {} if threshold is None else {"threshold": threshold}
        self._solver = MonteCarloSolver(
            grid, states, photons=photons, seed=1, is_exact=is_exact, **more
        )
        self._emission, self.photons, self._update = make_emission(name), photons, 0
        line = np.arange(CELLS) + 0.5 - CELLS / 2
        r = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
        self._shells = [np.flatnonzero(np.abs(r.ravel() - shell) < 0.5) for shell in SHELLS]
        self.run()  # compiles

    def run(self):
        """Return seconds of the processor for one photon, and the energy in each shell."""
        self._update += 1
        began = time.process_time()
        field = self._solver.solve([self._emission], self._update)
        spent = time.process_time() - began
        power = field.absorbed_per_watt.ravel()
        return spent / self.photons, [float(power[shell].sum()) for shell in self._shells]

    def variance(self, batches):
        """Return the relative variance of the energy in each shell, of one photon."""
        energy = np.array([self.run()[1] for _ in range(batches)])
        return self.photons * energy.var(axis=0, ddof=1) / energy.mean(axis=0) ** 2


def peer_environment():
    """Return the environment in which pmcxcl works, with one thread."""
    return {**os.environ, "LD_PRELOAD": CXX_RUNTIME, "POCL_MAX_PTHREAD_COUNT": "1"}


def run_peer(python, name, photons, seed):
    """Return the seconds of the processor that MCX takes for a photon.

    Raises
    ------
    RuntimeError
        If it does not run, with what it said last.
    """
    job = {
        **MEDIA[name], "cells": CELLS, "photons": photons, "seed": seed, "threshold": THRESHOLD,
        "source": "pencil" if name == "cube60" else "isotropic",
    }  # fmt: skip
    done = subprocess.run(
        [python, str(Path(__file__).with_name("peer_mcx.py"))],
        input=json.dumps(job), capture_output=True, text=True, env=peer_environment(), check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it says nothing"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])["cpu_s"] / photons


def find_peer(python):
    """Return the interpreter if MCX runs in it; otherwise None, and say why."""
    try:
        run_peer(python, "cube60", 100, 1)
    except (RuntimeError, OSError) as error:
        print(
            f"MCX is left out, {python} does not run it ({error}): install pmcxcl (the extra "
            '"bench") and an OpenCL runtime for the processor (Debian: pocl-opencl-icd)',
            file=sys.stderr,
        )
        return None
    return python


def compare(name, python, repeats, *, smoke):
    """Return the row of one medium; without an interpreter for MCX the own engines alone."""
    photons = PHOTONS[name] // (10 if smoke else 1)
    exact = Own(name, photons, is_exact=True, threshold=THRESHOLD)
    default = Own(name, DEFAULT // (10 if smoke else 1), is_exact=False)
    peers, exacts, defaults = [], [], []
    for repeat in range(repeats):
        if python is not None:
            peers.append(run_peer(python, name, photons, repeat + 1))
        exacts.append(exact.run()[0])
        defaults.append(default.run()[0])
    row = {
        "medium": name,
        "exact_per_s": 1.0 / median(exacts),
        "default_per_s": 1.0 / median(defaults),
    }
    if python is None:
        return row
    row["peer_per_s"] = 1.0 / median(peers)
    row["exact_ratio"] = median(p / e for p, e in zip(peers, exacts, strict=True))
    row["default_ratio"] = median(p / d for p, d in zip(peers, defaults, strict=True))
    batches, few = (8, 50) if smoke else (BATCHES, 200)
    ours = Own(name, few, is_exact=False).variance(batches) * median(defaults)
    theirs = Own(name, few, is_exact=True, threshold=THRESHOLD).variance(batches) * median(peers)
    row["equal_noise_ratio"] = dict(zip(SHELLS, (theirs / ours).tolist(), strict=True))
    return row


def describe(row):
    """Return a row of the table that `HEAD` heads."""
    text = f"{row['medium']:<12}{row['exact_per_s']:>10,.0f}{row['default_per_s']:>10,.0f}"
    if "peer_per_s" not in row:
        return text
    equal = " / ".join(f"{ratio:.0f}" for ratio in row["equal_noise_ratio"].values())
    return f"{text}{row['peer_per_s']:>10,.0f}{row['exact_ratio']:>8.1f}   {equal}"


def as_rows(row, repeats):
    """Return the figures of a medium as the rows that all benchmarks have."""
    unit, has_peer = "photons/s, CPU", "peer_per_s" in row
    rows = [
        Row(row["medium"], who, row[f"{key}_per_s"], unit, "MCX" if has_peer else None,
            row.get(f"{key}_ratio"), repeats)
        for who, key in (("ablsim, exact", "exact"), ("ablsim", "default"))
    ]  # fmt: skip
    if not has_peer:
        return rows
    rows.append(Row(row["medium"], "MCX", row["peer_per_s"], unit, repeats=repeats))
    return rows + [
        Row(f"{row['medium']}, equal noise at {shell:g} mm", "ablsim", ratio, "times less CPU",
            "MCX", ratio, repeats)
        for shell, ratio in row["equal_noise_ratio"].items()
    ]  # fmt: skip


HEAD = (
    "Photons for each second of the processor, and how many times fewer seconds than MCX:\n\n"
    f"{'':<12}{'exact':>10}{'default':>10}{'MCX':>10}{'exact':>8}"
    f"   default, equal noise at {' / '.join(f'{shell:g}' for shell in SHELLS)} mm"
)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--media", nargs="+", choices=MEDIA, default=list(MEDIA))
    parser.add_argument("--peer", default=sys.executable, help="a Python that has pmcxcl")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    repeats = 1 if options.smoke else options.repeats
    facts = machine()
    peer = find_peer(options.peer)
    rows = []
    if not options.json:
        print(HEAD, flush=True)
    for name in options.media:
        rows.append(compare(name, peer, repeats, smoke=options.smoke))
        if not options.json:
            print(describe(rows[-1]), flush=True)
    if options.json:
        print(as_json(facts, [row for found in rows for row in as_rows(found, repeats)]))


if __name__ == "__main__":
    main()
