"""Plans against what is independent of the planner: all candidates, balls, brute force, limits.

    python benchmarks/check_plans.py exhaustive      # three small problems, every candidate run
    python benchmarks/check_plans.py balls           # against greedy covering with balls
    python benchmarks/check_plans.py brute 15 20     # probability against 300 full runs
    python benchmarks/check_plans.py common          # what common draws spare
    python benchmarks/check_plans.py casts           # zones moved and laid against whole runs
    python benchmarks/check_plans.py cells           # draws on coarse cells against fine ones
    python benchmarks/check_plans.py limits          # 60 random tumours with vessels and organs
    python benchmarks/check_plans.py findings        # spacing, firing, energy, pull-back
    python benchmarks/check_plans.py promised --plans A.toml B.toml   # plans run as they are

Add --smoke for a minute's worth of each. Runs are kept in --folder and found there again.
"""

import argparse
import json
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from ablsim.case_text import write_toml
from ablsim.cohort.study_tables import PlacementTable
from ablsim.geometry import perpendiculars
from ablsim.planning import Evaluator, Limits, NoPlanError, Request, make_plan, make_subject
from ablsim.planning.burden import Weights
from ablsim.planning.candidates import Bench
from ablsim.planning.draws import Draws
from ablsim.planning.evaluation import code_of_evaluations, read_evaluation
from ablsim.planning.evaluator import Task
from ablsim.planning.judgement import TOLERANCE
from ablsim.planning.planner import Planner
from ablsim.planning.prescription import FIBRES, Placement, Prescription, arrange, place_pattern
from ablsim.planning.probability import RADIUS_OF_ONE, compare_chances
from ablsim.planning.span import Span
from ablsim.planning.subject import describe_subject

DOWN = (0.0, 0.0, -1.0)
EXACT = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")


def subject(diameter_mm, changes=None, perfusion="normal"):
    """Return a sphere of NET metastasis in liver."""
    case = describe_subject(
        diameter=f"{diameter_mm:g} mm", tissue="net_metastasis", perfusion=perfusion,
        margin="0 mm", background="liver",
    )  # fmt: skip
    return make_subject(case.replace(changes) if changes else case)


def single(pattern, spacing, energy, count, step, power=5.0, together=True):
    """Return one placement at the middle."""
    tips = arrange(pattern, spacing, DOWN)
    placement = place_pattern(
        tips, (0.0, 0.0, 0.0), DOWN, energy=energy, illuminations=count, pull_back=step, session=0
    )
    return Prescription(DOWN, power, (placement,), together, pattern, spacing)


def exhaustive(evaluator, smoke):
    """Run every candidate of small problems under the same draws; compare the cheapest."""
    problems = [
        ("12 mm, exact", 12.0, {"errors": EXACT, "max_fibres": 2}),
        ("15 mm, needle guide, 75 %", 15.0, {"probability": 0.75, "max_fibres": 4}),
        ("20 mm, navigated", 20.0, {
            "errors": PlacementTable(lateral="1.5 mm", depth="1.5 mm", shift="1.5 mm"),
        }),
    ]  # fmt: skip
    rows = []
    for name, diameter, more in problems[: 1 if smoke else 3]:
        request = Request(
            spacings=Span((12e-3, 15e-3)),
            energies=Span((900.0, 1350.0, 1800.0)),
            powers=Span((5.0,)),
            pull_backs=Span((10e-3,)),
            max_illuminations=2,
            draws=32,
            **more,
        )
        planner = Planner(subject(diameter), request, evaluator)
        evaluator.count_anew()
        found = planner.find()
        mine = evaluator.asked
        # where the planner puts them, and right in the middle
        every = [draft.plan for draft in planner.drafter.singles(planner.search.grounds[0])]
        every += [
            single(pattern, spacing, energy, count, 10e-3 if count > 1 else 0.0)
            for pattern, energy, count in product(request.patterns, request.energies.values, (1, 2))
            for spacing in (request.spacings.values if FIBRES[pattern] > 1 else (0.0,))
        ]
        runs = [one for one in planner.bench.run(every) if one is not None]
        best, looked = None, 0
        for one in sorted(runs, key=lambda one: one.burden):  # the first that does is the best
            looked += 1
            fine = planner.fine_bench.run([one.plan])[0]
            sample = planner.trials.draw([one.plan], 32)[0]
            chance = sample.assess(fine.reserve - one.reserve).complete.value
            if chance >= request.probability - TOLERANCE:
                best = one
                break
        row = {
            "problem": name, "candidates": len(runs), "judged": looked,
            "best_min": best.burden, "best": best.plan.describe(), "best_p": chance,
            "planner_min": found.best.burden, "planner": found.best.plan.describe(),
            "planner_p": found.probability.complete.value, "feasible": found.is_feasible,
            "ratio": found.best.burden / best.burden, "runs": mine,
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def balls(evaluator, smoke):
    """Fibres times joules of plans and of greedy covering with the ball of one fibre.

    Both aim perfectly, know all tissue, and are held to the same share of the tumour on the same
    cells: the plan has to reach what the balls' treatment, run as it is, ablates (at most 99 %).
    """
    rows = []
    weights = Weights(session=0, insertion=0, illumination=0, minute=0, kilojoule=1, healthy=0)
    for diameter in (15.0,) if smoke else (15.0, 20.0, 30.0, 40.0):
        who = subject(diameter)
        bench = Bench(who, Request(errors=EXACT), evaluator, 2e-3)
        ball = bench.run([single("single", 0.0, 1800.0, 1, 0.0)])[0]
        radius = RADIUS_OF_ONE * np.cbrt(ball.outcome.volume)
        middles = greedy(0.5e-3 * diameter, radius)
        placements = tuple(
            Placement((tuple(m),), (1800.0,), 1, 0.0, 0) for m in middles.round(4).tolist()
        )
        covered = bench.run([Prescription(DOWN, 5.0, placements, True, "single", 0.0)])[0]
        share = min(0.99, covered.outcome.fraction)
        request = Request(
            probability=0.5, complete_from=share, errors=EXACT, weights=weights,
            powers=Span((5.0,)), limits=Limits(sessions=1), draws=8,
        )  # fmt: skip
        planner = Planner(who, request, evaluator)
        options = planner.search.find(0.0)
        best = min(
            (one for one in options if one.outcome.fraction >= share),
            key=lambda one: one.plan.energy,
        )
        row = {
            "diameter_mm": diameter, "ball_mm": 2e3 * radius, "balls": len(middles),
            "balls_share": covered.outcome.fraction, "balls_kj": 1.8 * len(middles),
            "plan": best.plan.describe(), "plan_share": best.outcome.fraction,
            "plan_kj": best.plan.energy / 1e3,
            "saved": 1.0 - best.plan.energy / (1800.0 * len(middles)),
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def greedy(half, radius, share=0.99):
    """Middles of balls that cover a sphere, each where it adds most [m]."""
    line = np.arange(-half, half + 1e-9, 1e-3 * max(1.0, half / 12e-3))
    cloud = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    cloud = cloud[np.linalg.norm(cloud, axis=1) <= half]
    candidates = cloud[:: max(1, len(cloud) // 3000)]
    left, chosen = np.ones(len(cloud), dtype=bool), []
    while left.sum() > (1.0 - share) * len(cloud):
        gains = [(np.linalg.norm(cloud[left] - c, axis=1) <= radius).sum() for c in candidates]
        best = candidates[int(np.argmax(gains))]
        chosen.append(best)
        left &= np.linalg.norm(cloud - best, axis=1) > radius
    return np.array(chosen)


def brute(evaluator, diameters, runs, smoke):
    """Probability of a plan against counting full runs on fine cells with random draws of all."""
    rows = []
    for diameter in diameters:
        who = subject(diameter)
        request = Request(probability=0.75 if smoke else 0.9)
        plan = make_plan(who, request, evaluator)
        estimate = plan.found.probability.complete
        count = 16 if smoke else runs
        # other draws than the planner's: another seed, and every error of the model drawn too
        draws = Draws(who, replace(request, seed=20261126), 512)
        tasks = [Task(draws.text(plan.prescription, i, 1e-3)) for i in range(count)]
        rng = np.random.default_rng(7)
        complete = []
        for i, record in enumerate(evaluator.run(tasks)):
            if record is None:
                continue
            outcome = read_evaluation(record)
            radius = RADIUS_OF_ONE * np.cbrt(outcome.volume / len(plan.prescription.placements))
            shift = np.expm1(draws.model_error[i] * rng.standard_normal()) * radius
            complete.append(float(outcome.missing(np.array([-shift]))[0]) <= 0.01)
        n, k = len(complete), int(np.sum(complete))
        half = 1.96 * np.sqrt(k / n * (1 - k / n) / n)
        row = {
            "diameter_mm": diameter, "plan": plan.prescription.describe(),
            "p_complete": estimate.value, "ci": [estimate.low, estimate.high],
            "brute": k / n, "brute_ci": [k / n - half, k / n + half], "runs": n,
            "inside": estimate.low <= k / n <= estimate.high,
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def common(evaluator, smoke):
    """By how much common draws shrink the variance of a difference between two plans."""
    who, request = subject(15.0), Request()
    planner = Planner(who, request, evaluator)
    count = 16 if smoke else 64
    rows = []
    for one, other in (
        (single("square", 12e-3, 1200.0, 2, 8e-3), single("square", 12e-3, 1300.0, 2, 8e-3)),
        (single("square", 12e-3, 1200.0, 2, 8e-3), single("square", 13e-3, 1200.0, 2, 9e-3)),
        (single("square", 12e-3, 1200.0, 2, 8e-3), single("triangle", 12e-3, 1500.0, 2, 8e-3)),
    ):
        samples = planner.trials.draw([one, other], count)
        difference, gain = compare_chances(*(s.chances(s.reserves()) for s in samples))
        row = {
            "one": one.describe(), "other": other.describe(), "difference": difference.value,
            "ci": [difference.low, difference.high], "variance_ratio": gain,
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def layouts():
    """Return diameters [mm] with a plan of one placement and of four."""
    one = single("square", 12e-3, 1400.0, 3, 10e-3)
    tips = arrange("square", 13.5e-3, DOWN)
    middles = [(x, y, 0.0) for x in (-6e-3, 6e-3) for y in (-6e-3, 6e-3)]
    four = Prescription(
        DOWN,
        5.0,
        tuple(
            place_pattern(
                tips, middle, DOWN, energy=1330.0, illuminations=4, pull_back=11e-3, session=number
            )
            for number, middle in enumerate(middles)
        ),
        True,
        "square",
        13.5e-3,
    )
    return (20.0, one), (30.0, four)


def casts(evaluator, smoke):
    """How far zones that are run alone, moved and laid side by side are off whole runs."""
    rows = []
    for diameter, plan in layouts()[: 1 if smoke else 2]:
        planner = Planner(subject(diameter), Request(), evaluator)
        trials, count = planner.trials, 4 if smoke else 16
        (planned,) = planner.bench.run([plan])
        whole = trials.draw([plan], count)[0].reserves()
        laid = []
        for draw in range(count):
            shifts = np.array([[trials.draws.shift(draw, k) for k in range(len(plan.placements))]])
            depth = trials.casts.depths(plan, draw, shifts, trials.casts.points)[0]
            laid.append(np.quantile(depth, 0.01))
        beyond = 0.0
        if len(plan.placements) > 1:
            still = trials.casts.planned_depths(plan, trials.casts.points)
            beyond = planned.reserve - np.quantile(still, 0.01)
        off = 1e3 * (whole - np.array(laid) - beyond)
        row = {
            "plan": plan.describe(), "draws": count, "spread_of_whole_mm": 1e3 * whole.std(),
            "as_planned_mm": 1e3 * beyond, "off_mm": off.mean(), "scatter_mm": off.std(ddof=1),
            "worst_mm": float(off[np.abs(off).argmax()]),
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def cells(evaluator, smoke):
    """How much the cells of the treatment change the reserve, as planned and from draw to draw."""
    rows = []
    for diameter, plan in layouts()[: 1 if smoke else 2]:
        planner = Planner(subject(diameter), Request(), evaluator)
        fine, trials, count = planner.fine_bench, planner.trials, 2 if smoke else 8
        tasks = [Task(trials.draws.text(plan, draw, fine.spacing)) for draw in range(count)]
        share = Request().complete_from
        deep = [fine.read(plan, record).reserve(share) for record in evaluator.run(tasks)]
        change = 1e3 * (np.array(deep) - trials.draw([plan], count)[0].reserves())
        planned = fine.run([plan])[0].reserve - planner.bench.run([plan])[0].reserve
        row = {
            "plan": plan.describe(), "draws": count, "from_mm": 1e3 * planner.bench.spacing,
            "to_mm": 1e3 * fine.spacing, "as_planned_mm": 1e3 * planned,
            "mean_mm": change.mean(), "scatter_mm": change.std(ddof=1),
            "changes_mm": change.round(2).tolist(),
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def limits(evaluator, smoke, first=0):
    """Random tumours with vessels and organs: no constraint broken in the run of the plan."""
    rng = np.random.default_rng(60)
    rows = []
    for number in range(3 if smoke else 60):
        changes, directions = surroundings(rng)
        session = float(rng.choice([6e3, 10e3, 20e3]))
        request = Request(
            probability=float(rng.choice([0.5, 0.7, 0.9])),
            directions=directions,
            limits=Limits(sessions=int(rng.integers(1, 4)), energy=session, placements=6),
            errors=PlacementTable(lateral="1.5 mm", depth="1.5 mm", shift="1.5 mm"),
            max_fibres=int(rng.integers(2, 5)),
            spacings=Span((12e-3, 15e-3, 18e-3)),
            energies=Span((900.0, 1350.0, 1800.0)),
            powers=Span((5.0,)),
            pull_backs=Span((10e-3,)),
            draws=8,
            cells=2e-3,
        )
        if number < first:  # done before
            continue
        who = make_subject(subject(20.0).case.replace(changes))
        planner_kind = f"{number}: {who.tumour.axes[0] * 1e3:.0f} mm"
        try:
            plan = make_plan(who, request, evaluator)
        except NoPlanError as error:
            row = {"tumour": planner_kind, "feasible": False, "no_plan": str(error)[:60]}
            rows.append(row)
            print(json.dumps(row), flush=True)
            continue
        again = evaluator.run([Task(write_toml(who.write(plan.prescription, 2e-3)))])[0]
        outcome = read_evaluation(again)
        broken = request.limits.broken_by(plan.prescription)
        tips = np.array([tip for p in plan.prescription.placements for tip in p.tips])
        row = {
            "tumour": planner_kind, "feasible": plan.is_feasible,
            "p": plan.found.probability.complete.value, "asked": request.probability,
            "limits_broken": broken, "organs_within": outcome.within_limits,
            "needles_free": bool(who.is_reachable(tips, plan.prescription.direction).all()),
            "binding": list(plan.binding), "gives": [c.words for c in plan.concessions],
            "plan": plan.prescription.describe(),
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    good = [
        r for r in rows if "no_plan" in r
        or (not r["limits_broken"] and r["organs_within"] and r["needles_free"])
    ]  # fmt: skip
    feasible = sum(row["feasible"] for row in rows)
    print(f"{len(good)} of {len(rows)} break no constraint; {feasible} feasible")
    return rows


def surroundings(rng):
    """Return a random tumour with its vessels and organs as changes to a case, and directions."""
    axes = rng.uniform(10.0, 26.0) * rng.uniform(0.8, 1.2, 3)
    direction = np.array([rng.normal(), rng.normal(), -2.0])
    direction /= np.linalg.norm(direction)
    changes = {
        "tumour": {
            "tissue": str(rng.choice(["net_metastasis", "colorectal_metastasis"])),
            "shape": "ellipsoid",
            "axes": [f"{a:.1f} mm" for a in axes],
        },
        "numerics.spacing": "2 mm",
    }
    half = 0.5 * float(max(axes))
    if rng.random() < 0.7:
        away = rng.normal(size=3)
        away /= np.linalg.norm(away)
        along = perpendiculars(away)[0]
        radius = rng.uniform(1.5, 5.0)
        middle = away * (half + radius + rng.uniform(1.0, 10.0))
        changes["vessel"] = [
            {
                "name": "vein",
                "diameter": f"{2 * radius:.1f} mm",
                "points": [
                    [f"{x:.1f} mm" for x in middle + sign * 60.0 * along] for sign in (-1, 1)
                ],
            }
        ]
    if rng.random() < 0.7:
        away = rng.normal(size=3)
        away /= np.linalg.norm(away)
        size = rng.uniform(15.0, 30.0)
        middle = away * (half + 0.5 * size + rng.uniform(2.0, 15.0))
        changes["organ"] = [
            {
                "name": "gallbladder",
                "tissue": "bile",
                "shape": "sphere",
                "diameter": f"{size:.1f} mm",
                "centre": [f"{x:.1f} mm" for x in middle],
                "no_go": {"peak_temperature": "45 degC", "damage": 0.01},
            }
        ]
    return changes, (tuple(direction.tolist()),)


def findings(evaluator, smoke):
    """Spacing, firing, energy per position and pull-back, as plans see them."""
    bench = Bench(subject(40.0), Request(errors=EXACT), evaluator, 2e-3 if smoke else 1e-3)
    rows = []

    def show(what, **numbers):
        row = {"what": what, **numbers}
        rows.append(row)
        print(json.dumps(row), flush=True)

    def volume(plan):
        return 1e6 * bench.run([plan])[0].outcome.volume

    spacings = [12.0, 15.0] if smoke else [10.0, 12.0, 15.0, 18.0, 20.0]
    plans = [single("square", 1e-3 * s, 1800.0, 1, 0.0) for s in spacings]
    bench.run(plans)
    for s, plan in zip(spacings, plans, strict=True):
        show("spacing, four fibres, 1800 J", mm=s, ml=volume(plan))
    pair = [single("square", 15e-3, 1800.0, 1, 0.0, together=t) for t in (True, False)]
    bench.run(pair)
    show("together", ml=volume(pair[0]))
    show("one by one", ml=volume(pair[1]), ratio=volume(pair[0]) / volume(pair[1]))
    energies = [600.0, 1800.0] if smoke else [600.0, 1200.0, 1800.0, 3000.0, 6000.0]
    plans = [single("square", 15e-3, e, 1, 0.0) for e in energies]
    bench.run(plans)
    before = (0.0, 0.0)
    for e, plan in zip(energies, plans, strict=True):
        now = (4e-3 * e, volume(plan))
        show("energy per position", joule=e, ml=now[1],
             ml_per_kj_more=(now[1] - before[1]) / (now[0] - before[0]))  # fmt: skip
        before = now
    steps = [10.0] if smoke else [8.0, 10.0, 12.0, 14.0, 16.0]
    plans = [single("square", 15e-3, 1800.0, 3, 1e-3 * s) for s in steps]
    bench.run(plans)
    for s, plan in zip(steps, plans, strict=True):
        one = bench.run([plan])[0]
        show("pull-back, three illuminations", mm=s, ml=1e6 * one.outcome.volume,
             kj_per_ml=21.6 / (1e6 * one.outcome.volume))  # fmt: skip
    powers = [5.0] if smoke else [3.0, 4.0, 5.0, 6.0, 7.0]
    plans = [single("square", 15e-3, 1800.0, 1, 0.0, power=p) for p in powers]
    bench.run(plans)
    for p, plan in zip(powers, plans, strict=True):
        show("power, 1800 J each", watt=p, ml=volume(plan))
    return rows


def promised(evaluator, plans):
    """Run plans as their files say, but on 1 mm cells, and compare with what answers promise."""
    rows = []
    texts = [path.read_text(encoding="utf-8") for path in plans]
    texts = [text.replace('spacing = "2 mm"', 'spacing = "1 mm"') for text in texts]
    records = evaluator.run([Task(text, "plan") for text in texts])
    for path, record in zip(plans, records, strict=True):
        answer = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        answer = answer.get("answer", answer)  # of a table it stands beside its stamp
        said = answer["predicted"] or answer["nearest"]["predicted"]
        found = read_evaluation(record)
        row = {
            "plan": path.name, "spacing_mm": 1e3 * found.spacing, "run_s": found.wall,
            "checked_on_mm": said["spacing_mm"],
            "ablated": found.fraction, "promised": said["ablated_fraction"],
            "margin_mm": 1e3 * found.margin_min, "promised_mm": said["margin_min_mm"],
        }  # fmt: skip
        row["points_off"] = 100.0 * (row["ablated"] - row["promised"])
        row["mm_off"] = row["margin_mm"] - row["promised_mm"]
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def main():
    """Run what is asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("exhaustive", "balls", "brute", "common", "casts", "cells", "limits", "findings",
             "promised")  # fmt: skip
    parser.add_argument("what", choices=names)
    parser.add_argument("diameters", nargs="*", type=float, default=[15.0, 20.0])
    parser.add_argument("--plans", nargs="+", type=Path, default=[], help="for promised")
    parser.add_argument("--first", type=int, default=0, help="for limits: go on with this one")
    parser.add_argument("--runs", type=int, default=320)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("plan-checks"))
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    evaluator = Evaluator(options.folder, workers=options.workers, code=code_of_evaluations())
    with evaluator.running():
        if options.what == "brute":
            rows = brute(evaluator, options.diameters or [15.0, 20.0], options.runs, options.smoke)
        elif options.what == "limits":
            rows = limits(evaluator, options.smoke, options.first)
        elif options.what == "promised":
            rows = promised(evaluator, options.plans)
        else:
            rows = globals()[options.what](evaluator, options.smoke)
    out = options.folder / f"{options.what}.json"
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
