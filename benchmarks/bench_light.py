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
    "A native": {"mu_a": [0.04], "mu_s": [15.0], "g": [0.95], "ball_mm": 0},
    "A ball": {"mu_a": [0.04, 0.03], "mu_s": [15.0, 45.0], "g": [0.95, 0.95], "ball_mm": 5},
    "L native": {"mu_a": [0.05], "mu_s": [8.0], "g": [0.95], "ball_mm": 0},
    "cube60": {"mu_a": [0.005], "mu_s": [1.0], "g": [0.01], "ball_mm": 0},
}
"""Coefficients in 1/mm; the last is MCX's own benchmark, a pencil into the face of a cube."""

PHOTONS = {"A native": 3000, "A ball": 2000, "L native": 4000, "cube60": 60_000}
"""Of a run of MCX and of the exact engine."""

DEFAULT = 30_000
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
    """Return the states of a medium with a ball of another in its middle, or without."""
    line = np.arange(CELLS) + 0.5 - CELLS / 2
    inside = line[:, None, None] ** 2 + line[:, None] ** 2 + line**2 < medium["ball_mm"] ** 2
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
    """Return the seconds of the processor that MCX takes for a photon; None if it is not there."""
    job = {
        **MEDIA[name], "cells": CELLS, "photons": photons, "seed": seed, "threshold": THRESHOLD,
        "source": "pencil" if name == "cube60" else "isotropic",
    }  # fmt: skip
    done = subprocess.run(
        [python, str(Path(__file__).with_name("peer_mcx.py"))],
        input=json.dumps(job), capture_output=True, text=True, env=peer_environment(), check=False,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])["cpu_s"] / photons


def compare(name, python, repeats, *, smoke):
    """Return the row of one medium."""
    photons = PHOTONS[name] // (10 if smoke else 1)
    exact = Own(name, photons, is_exact=True, threshold=THRESHOLD)
    default = Own(name, DEFAULT // (10 if smoke else 1), is_exact=False)
    peers, exacts, defaults = [], [], []
    for repeat in range(repeats):
        peers.append(run_peer(python, name, photons, repeat + 1))
        exacts.append(exact.run()[0])
        defaults.append(default.run()[0])
    row = {
        "medium": name,
        "exact_per_s": 1.0 / median(exacts),
        "default_per_s": 1.0 / median(defaults),
    }
    if None in peers:
        return row
    row["peer_per_s"] = 1.0 / median(peers)
    row["exact_ratio"] = median(p / e for p, e in zip(peers, exacts, strict=True))
    row["default_ratio"] = median(p / d for p, d in zip(peers, defaults, strict=True))
    batches, few = (8, 50) if smoke else (BATCHES, 200)
    ours = Own(name, few, is_exact=False).variance(batches) * median(defaults)
    theirs = Own(name, few, is_exact=True, threshold=THRESHOLD).variance(batches) * median(peers)
    row["equal_noise_ratio"] = dict(zip(SHELLS, (theirs / ours).tolist(), strict=True))
    return row


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
    rows = []
    for name in options.media:
        rows.append(compare(name, options.peer, repeats, smoke=options.smoke))
        if not options.json:
            print(
                "  ".join(f"{key} {_short(value)}" for key, value in rows[-1].items()), flush=True
            )
    if options.json:
        print(json.dumps({"load": os.getloadavg()[0], "rows": rows}, indent=1))


def _short(value):
    if isinstance(value, dict):
        return ", ".join(f"{key:g} mm {_short(part)}" for key, part in value.items())
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    main()
