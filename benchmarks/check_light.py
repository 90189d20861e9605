"""Monte Carlo light against what is independent of it, where tests would take too long.

    python benchmarks/check_light.py agreement --peer PYTHON   # cell by cell beside MCX
    python benchmarks/check_light.py bias                      # default engine against exact
    python benchmarks/check_light.py gallbladder               # three engines at its wall

Prints a line of JSON for each medium or engine. Add --smoke for a minute's worth.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ablsim.benchmarks.bench_light import (
    CELLS,
    MEDIA,
    SPACING,
    THRESHOLD,
    make_states,
    peer_environment,
)
from ablsim.grid import Grid
from ablsim.light.diffusion import DiffusionSolver
from ablsim.light.emission import Emission
from ablsim.light.monte_carlo import MonteCarloSolver

COARSE = 3
"""Cells of MCX along the edge of one that is compared."""

SHELLS = np.array([0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0])
"""Middle radii of the shells [mm], each a tenth of its radius to either side, 0.1 mm at least."""

BIASED = {
    "A native": ([0.04], [15.0], 0.0),
    "A coagulated": ([0.03], [45.0], 0.0),
    "A ball": ([0.04, 0.03], [15.0, 45.0], 5.0),
    "L native": ([0.05], [8.0], 0.0),
}
"""Absorption and scattering [1/mm] outside and inside a ball of a radius [mm]; g is 0.95."""


GALLBLADDER = {"ahead": 12.0, "radius": 8.0, "rim": 1.5}
"""Bile in liver L: how far ahead of the tip its middle lies, its radius, and how thick the rim of
liver is that is looked at [mm]."""


class Medium:
    """States of given coefficients, as `ablsim.light.optical_states` has those of tissues."""

    def __init__(self, grid, mu_a, mu_s, ball):
        self.absorption = 1e3 * np.array(mu_a)
        self.scattering = 1e3 * np.array(mu_s)
        self.anisotropy = np.full(len(mu_a), 0.95)
        self.cells = (_radius(grid) < ball).astype(np.uint16)


def _radius(grid):
    """Return how far the middle of each cell lies from the origin [mm]."""
    x, y, z = (1e3 * axis for axis in grid.axes())
    return np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)


def coarsened(shares):
    """Return the sums over blocks of cells."""
    n = len(shares) // COARSE
    return shares.reshape(n, COARSE, n, COARSE, n, COARSE).sum(axis=(1, 3, 5))


def agreement(python, photons, batches=5):
    """Compare the energy in cells of 3 mm about a pencil beam with MCX's, batch by batch."""
    for name in ("A native", "A ball"):
        theirs, ours = [], []
        grid = Grid.centred((0.0, 0.0, 0.0), (CELLS * SPACING,) * 3, SPACING)
        solver = MonteCarloSolver(
            grid, make_states(MEDIA[name]), photons=photons, seed=1, is_exact=True,
            threshold=THRESHOLD,
        )  # fmt: skip
        pencil = Emission((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.0, 1.0)
        for batch in range(batches):
            theirs.append(coarsened(_peer_shares(python, name, photons, batch + 1)))
            light = solver.solve([pencil], batch)
            ours.append(coarsened(light.absorbed_per_watt * grid.cell_volume))
        a, b = np.array(theirs), np.array(ours)
        error = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / batches)
        mean = 0.5 * (a + b).mean(axis=0)
        seen = (mean > 0.0) & (error < 0.1 * mean)
        z = ((b - a).mean(axis=0) / np.where(error > 0.0, error, 1.0))[seen]
        line = COARSE * SPACING * 1e3 * (np.arange(len(mean)) + 0.5 - len(mean) / 2)
        r = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
        shell = np.digitize(r, np.arange(0.0, 24.1, 3.0))
        by_shell = [[batch[shell == i].sum() for i in range(1, 9)] for batch in (*a, *b)]
        a, b = np.split(np.array(by_shell), 2)
        spread = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / batches)
        row = {
            "medium": name, "photons": photons * batches, "cells": int(seen.sum()),
            "mean_z": float(z.mean()), "rms_z": float(np.sqrt((z**2).mean())),
            "shells_sigma": ((b - a).mean(axis=0) / spread).round(2).tolist(),
            "shells_percent": (100.0 * (b.mean(axis=0) / a.mean(axis=0) - 1.0)).round(2).tolist(),
        }  # fmt: skip
        print(json.dumps(row), flush=True)


def _peer_shares(python, name, photons, seed):
    """Return the share of the light in every cell, (z, y, x), as MCX follows it."""
    with tempfile.TemporaryDirectory() as folder:
        save = Path(folder) / "shares.npy"
        job = {
            **MEDIA[name], "cells": CELLS, "photons": photons, "seed": seed, "save": str(save),
            "threshold": THRESHOLD, "source": "middle",
        }  # fmt: skip
        subprocess.run(
            [python, str(Path(__file__).with_name("peer_mcx.py"))],
            input=json.dumps(job), capture_output=True, text=True, check=True,
            env=peer_environment(),
        )  # fmt: skip
        return np.load(save)


def bias(photons, batches=8):
    """Compare the default engine's energy in shells about a bare tip with the exact one's."""
    tip = _tip()
    grid = Grid.centred((0.0, 0.0, 0.0), (36e-3,) * 3, 0.25e-3)
    half = np.maximum(0.1, 0.1 * SHELLS)
    r = _radius(grid)
    shells = [np.abs(r - middle) < width for middle, width in zip(SHELLS, half, strict=True)]
    for name, medium in BIASED.items():
        found = []
        for is_exact in (True, False):
            solver = MonteCarloSolver(
                grid, Medium(grid, *medium), photons=photons, seed=1 + is_exact, is_exact=is_exact
            )
            power = (solver.solve([tip], i).absorbed_per_watt for i in range(batches))
            found.append(
                [[float(p[shell].sum(dtype=np.float64)) for shell in shells] for p in power]
            )
        exact, default = np.array(found)
        means = exact.mean(axis=0), default.mean(axis=0)
        error = [
            part.std(axis=0, ddof=1) / np.sqrt(batches) / mean
            for part, mean in zip((exact, default), means, strict=True)
        ]
        row = {
            "medium": name, "photons": photons * batches, "shells_mm": SHELLS.tolist(),
            "bias_percent": (100.0 * (means[1] / means[0] - 1.0)).round(2).tolist(),
            "error_percent": (100.0 * np.hypot(*error)).round(2).tolist(),
        }  # fmt: skip
        print(json.dumps(row), flush=True)


def gallbladder(photons, batches=8):
    """Print what share of the light regions of and about a gallbladder get, by every engine."""
    grid = Grid.centred((0.0, 0.0, 0.0), (60e-3,) * 3, 0.75e-3)
    medium = Medium(grid, [0.05, 0.013], [8.0, 0.2], 0.0)
    x, y, z = (1e3 * axis for axis in grid.axes())
    ahead = GALLBLADDER["ahead"] + z[:, None, None]  # light goes down
    around = np.sqrt(ahead**2 + y[:, None] ** 2 + x**2)
    bile = around < GALLBLADDER["radius"]
    medium.cells = bile.astype(np.uint16)
    rim = ~bile & (around < GALLBLADDER["radius"] + GALLBLADDER["rim"])
    towards = ahead / around
    regions = {
        "4 mm about the tip": _radius(grid) < 4.0,
        "bile": bile,
        "near wall": rim & (towards > 0.5),
        "side wall": rim & (np.abs(towards) <= 0.5),
        "far wall": rim & (towards < -0.5),
    }
    tip = _tip()

    def shares(light):
        power = light.absorbed_per_watt * grid.cell_volume
        return [float(power[region].sum(dtype=np.float64)) for region in regions.values()]

    rows = {}
    for name in ("monte_carlo_exact", "monte_carlo"):
        solver = MonteCarloSolver(
            grid, medium, photons=photons, seed=1, is_exact=name == "monte_carlo_exact"
        )
        rows[name] = np.array([shares(solver.solve([tip], i)) for i in range(batches)])
    reduced = medium.scattering * (1.0 - medium.anisotropy)
    light = DiffusionSolver(grid).solve(
        medium.absorption[medium.cells], reduced[medium.cells], [tip]
    )
    rows["diffusion"] = np.array([shares(light)])
    exact = rows["monte_carlo_exact"].mean(axis=0)
    for name, found in rows.items():
        mean = found.mean(axis=0)
        error = found.std(axis=0, ddof=1) / math.sqrt(batches) if len(found) > 1 else 0.0 * mean
        row = {
            "engine": name,
            "share": dict(zip(regions, mean.round(5).tolist(), strict=True)),
            "error_percent": (100.0 * error / mean).round(2).tolist(),
            "off_percent": (100.0 * (mean / exact - 1.0)).round(2).tolist(),
        }
        print(json.dumps(row), flush=True)


def _tip():
    """Return a bare tip in the middle that shines down."""
    return Emission(
        (0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0, radius=0.15e-3,
        half_angle=math.asin(0.22 / 1.37),
    )  # fmt: skip


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["agreement", "bias", "gallbladder"])
    parser.add_argument("--peer", default=sys.executable, help="a Python that has pmcxcl")
    parser.add_argument("--photons", type=int, help="of a batch")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    photons = options.photons or (2000 if options.smoke else 250_000)
    if options.what == "bias":
        bias(photons)
    elif options.what == "gallbladder":
        gallbladder(photons)
    else:
        agreement(options.peer, photons)


if __name__ == "__main__":
    main()
