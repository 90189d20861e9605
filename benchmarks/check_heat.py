"""Heat against what costs more, where tests would take too long.

    python benchmarks/check_heat.py certify [CASE.toml ...]   # certified intervals, 0.25 mm
    python benchmarks/check_heat.py literature                # long steps, active region
    python benchmarks/check_heat.py spacings > FILE           # ablsim/data/spacing_errors.csv

- certify: what `ablsim run --certify` says on 1 mm (and on the case's own cells where these are
  finer), beside a run on cells of 0.25 mm.
- literature: the volume of the reported zone of every published case by default, and with
  long steps throughout, beside Euler steps of a quarter of the length over the whole domain.
- spacings: the zones of many cases on cells from 2 to 0.5 mm, and of the quick ones 0.25 mm, from
  which `ablsim.likely_error` was made. Hours.

Prints a line of JSON for each case, or of CSV for spacings. Add --smoke for a minute's worth.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import ablsim
from ablsim.certificate import on_cells
from ablsim.zone import PROCESSES

EXAMPLES = Path(ablsim.__file__).resolve().parents[1] / "examples"

CERTIFIED = ("quick", "albrecht98_1_flow", "bosman91")
"""Examples of which a run on the finest cells is affordable."""

PUBLISHED = (
    "albrecht98_1_flow", "albrecht98_1_occl", "albrecht98_4_flow", "albrecht98_4_occl", "bosman91",
    "fried96_rabbit", "heis97_bare", "heis97_diff", "heis97_x4_20mm", "li20_myocardium",
    "sheep_4W", "steger92_x4",
)  # fmt: skip

SMOOTH = """
schema = "ablsim/case/1"
title = "Diffuser below boiling"
[tissue]
background = "liver"
[[fibre]]
kind = "diffuser"
length = "10 mm"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 4 W for 300 s", "rest for 120 s"]
"""

SPACINGS = (2.0, 1.5, 1.25, 1.0, 0.75, 0.5)
FINER = (0.375, 0.25)
"""Edges of cells [mm], the finer ones for `QUICKEST` only."""

QUICKEST = ("smooth", "quick")

FINEST = 0.25e-3
"""Edge of the cells that stand for the limit [m]."""


def volume_of(case):
    """Return the volume of the reported zone [mL], and the seconds that it took."""
    began = time.perf_counter()
    zones = ablsim.measure_zones(ablsim.simulate(case))
    return 1e6 * zones[case.physics.reported_zone].volume, time.perf_counter() - began


def certify(paths, *, smoke):
    """Yield what a certificate says of each case, and what the finest cells give."""
    for path in paths or [EXAMPLES / f"{name}.toml" for name in CERTIFIED[: 1 if smoke else None]]:
        case = ablsim.Case.from_toml(path)
        case = on_cells(case, 2e-3 if smoke else min(1e-3, case.numerics.edge))
        found = ablsim.certify(case).volume
        finest, seconds = volume_of(on_cells(case, 1e-3 if smoke else FINEST))
        low, high = (1e6 * end for end in found.interval)
        yield {
            "case": Path(path).stem,
            "edge_mm": 1e3 * case.numerics.edge,
            "volume_ml": round(1e6 * found.value, 4),
            "interval_ml": [round(low, 4), round(high, 4)],
            "extrapolated_ml": round(1e6 * found.extrapolated, 4),
            "order": found.order and round(found.order, 2),
            "finest_ml": round(finest, 4),
            "holds": low <= finest <= high,
            "finest_s": round(seconds, 1),
        }


def literature(paths, *, smoke):
    """Yield how far faster ways to step and to leave out cells move each published zone."""
    for path in paths or [EXAMPLES / f"{name}.toml" for name in PUBLISHED[: 1 if smoke else None]]:
        case = ablsim.Case.from_toml(path)
        case = on_cells(case, 3e-3 if smoke else 1e-3)
        # the same light in all, which is no part of the comparison
        case = case.replace({"numerics.light": "diffusion"})
        step = 0.25 * ablsim.simulate(case).statistics.time_step
        reference, seconds = volume_of(
            case.replace(
                {
                    "numerics.time_stepping": "euler",
                    "numerics.time_step": f"{step:.6g} s",
                    "numerics.active_region_tolerance": "0 K",
                }
            )
        )
        row = {"case": Path(path).stem, "reference_ml": round(reference, 4)}
        for scheme in ("auto", "rkl2"):
            volume, spent = volume_of(case.replace({"numerics.time_stepping": scheme}))
            row[f"{scheme}_percent"] = round(100.0 * (volume / reference - 1.0), 3)
            row[f"{scheme}_s"] = round(spent, 2)
        yield {**row, "reference_s": round(seconds, 1)}


def spacings(paths, *, smoke):
    """Yield the zones of each case on ever finer cells."""
    named = {Path(path).stem: ablsim.Case.from_toml(path) for path in paths}
    if not named:
        named = {
            name: ablsim.Case.from_toml(EXAMPLES / f"{name}.toml")
            for name in ("quick", *PUBLISHED, "patient", "gallbladder")
        }
        named["smooth"] = ablsim.Case.from_text(SMOOTH)
    yield "case,light,spacing_mm,stasis_ml,whitening_ml,death_ml"
    for name, case in named.items():
        for light in ("monte_carlo", "diffusion") if name in QUICKEST else ("monte_carlo",):
            more = FINER if name in QUICKEST and light == "monte_carlo" else ()
            for edge in (4.0, 3.0) if smoke else (*SPACINGS, *more):
                change = {"numerics.light": light, "numerics.output_interval": "1 h"}
                fine = on_cells(case, 1e-3 * edge).replace(change)
                zones = ablsim.measure_zones(ablsim.simulate(fine))
                volumes = (f"{1e6 * zones[kind].volume:.5g}" for kind in PROCESSES)
                yield ",".join([name, light, f"{edge:g}", *volumes])


CHECKS = {"certify": certify, "literature": literature, "spacings": spacings}


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("cases", nargs="*", type=Path)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    for row in CHECKS[options.check](options.cases, smoke=options.smoke):
        print(row if isinstance(row, str) else json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
