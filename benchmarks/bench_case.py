"""How long a whole case takes, and where the time goes.

    python benchmarks/bench_case.py [CASE.toml] [--repeats 3] [--json] [--smoke]

Every repeat is a whole simulation in this process after one that compiles; medians are printed.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import ablsim
from ablsim.benchmarks.machine import machine

EXAMPLES = Path(__file__).parents[1] / "examples"


def measure(case: ablsim.Case) -> dict[str, float]:
    """Simulate once; return wall and CPU seconds and what they were spent on."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = ablsim.simulate(case)
    work = result.statistics
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "light_s": work.wall_light,
        "heat_s": work.wall_heat,
        "output_s": work.wall_output,
        "cells": float(result.grid.n_cells),
        "steps": float(work.steps),
        "cell_steps": float(work.cell_steps),
        "cell_steps_per_s_of_heat": work.cell_steps / work.wall_heat,
        "cell_steps_per_s": work.cell_steps / (time.perf_counter() - wall),
        "light_updates": float(work.light_updates),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", type=Path, default=EXAMPLES / "patient.toml")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="one coarse run, to see that it works")
    options = parser.parse_args()
    case = ablsim.Case.from_toml(options.case)
    if options.smoke:
        table = case.resolved()
        table["numerics"]["spacing"] = "3 mm"
        case, options.repeats = ablsim.Case.from_dict(table), 1
    facts = machine()
    measure(case)
    runs = [measure(case) for _ in range(options.repeats)]
    medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    if options.json:
        print(json.dumps({"case": case.title, "machine": facts, "median": medians}, indent=2))
        return
    print(f"{case.title}\n{facts}\nmedian of {options.repeats}")
    for key, value in medians.items():
        print(f"  {key:<26}{value:>14,.2f}")


if __name__ == "__main__":
    main()
