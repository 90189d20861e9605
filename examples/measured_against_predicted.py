"""How close does ablsim come to published lesions, with one set of defaults for all?

Simulates the case files beside this script that `measured.csv` names, 2 mm fine unless told
otherwise, and prints measured beside predicted in the zone that each row names. A "maximum" is the
largest lesion of a series: a prediction below it is no error. Options put other kinetics, start
temperatures or transmissions side by side, one column each:

    measured_against_predicted.py --kinetics brown_stasis borrelli_bhk cem43_60 cem43_120
    measured_against_predicted.py --kinetics henriques_skin --all-three
    measured_against_predicted.py --start "20 degC" "37 degC"
    measured_against_predicted.py --transmission 0.6 0.7 0.8 1.0 --kinetics brown_stasis cem43_60
    measured_against_predicted.py --change "absorption*1.5" "length=10 mm" "whitening_shift=-2 K"

A change sets the active length of diffusers or a key of `[physics]`, or multiplies a number of the
tissue around (`absorption` and `reduced_scattering` in both of its states). With transmissions, the
last lines say which one each diffuser lesion would need: what the default of 0.70 may stand for.
"""

import argparse
import csv
import sys
from itertools import groupby, pairwise, product
from math import inf, log, sqrt
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

import ablsim
from ablsim.units import to_celsius

HERE = Path(__file__).parent
PROCESSES = ("stasis", "whitening", "death")
AXES = {"diameter": 2, "volume": 3}  # of an ellipsoid's three; any other size stands for one axis
PAIRS = {"one fibre": "albrecht98_1", "four fibres": "albrecht98_4"}

Row = dict[str, str]
Changes = dict[str, object]


def read_measured() -> list[Row]:
    """Return the rows of measured.csv."""
    with (HERE / "measured.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_case(name: str, changes: Changes, spacing: str) -> ablsim.Case:
    """Return a case as a column has it; what does not concern it stays as it is."""
    case = ablsim.Case.from_toml(HERE / f"{name}.toml")
    fitting = {key: value for key, value in changes.items() if key.startswith("physics")}
    if "start" in changes and case.tissue.perfusion == "none":
        fitting["tissue.start_temperature"] = changes["start"]
    if "transmission" in changes and case.fibres_all[0].kind == "diffuser":
        fibres = "fibres" if case.fibre_array else "fibre#1"
        fitting[f"{fibres}.transmission"] = changes["transmission"]
    fitting |= one_change(case, str(changes.get("change", "")))
    return case.replace({"numerics.spacing": spacing, **fitting})


def one_change(case: ablsim.Case, words: str) -> Changes:
    """Return what a change such as ``absorption*1.5`` means for a case; nothing without fibres."""
    key, times, factor = words.partition("*")
    if times:
        name = case.tissue.background
        tissue = case.tissue.find(name)
        numbers = {"perfusion_rate": tissue.perfusion_rate}
        if key in {"absorption", "reduced_scattering"}:
            numbers = {
                key: getattr(tissue.optical.native, key),
                f"coagulated_{key}": getattr(tissue.optical.coagulated, key),
            }
        return {
            f"tissue.override.{name}.{k}": f"{float(factor) * n.value:.6g} {n.unit}"
            for k, n in numbers.items()
            if n.value > 0.0
        }
    key, _, value = words.partition("=")
    if key == "length":
        is_diffuser = case.fibres_all[0].kind == "diffuser"
        fibres = "fibres" if case.fibre_array else "fibre#1"
        return {f"{fibres}.length": value} if is_diffuser else {}
    return {f"physics.{key}": float(value) if is_number(value) else value} if key else {}


def is_number(text: str) -> bool:
    """Say whether a text is a pure number, without a unit."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def predict(case: ablsim.Case) -> dict[tuple[str, str], float]:
    """Return every quantity a row can name: sizes [mm] and volumes [mL] by zone, degC at points."""
    states: list[tuple[float, list[float]]] = []
    distances = (5, 7)  # mm across from the tip
    tip, grid, base = case.fibres_all[0].tip, case.grid(), case.tissue.body_temperature
    points = [(tip[0] + 1e-3 * distance, tip[1], tip[2]) for distance in distances]

    def note(snapshot: ablsim.Snapshot) -> None:
        rise = map_coordinates(snapshot.fields.rise, grid.index(points).T, order=1)
        states.append((snapshot.time, [to_celsius(base + float(r)) for r in rise]))

    result = ablsim.simulate(case, on_snapshot=note)
    zones = ablsim.measure_zones(result)
    predicted = {}
    for process in PROCESSES:
        zone = zones[process]
        predicted["length", process] = 1e3 * zone.along
        predicted["diameter", process] = 1e3 * zone.across
        predicted["volume", process] = 1e6 * zone.volume
        for word, length in zip(("longest", "middle", "shortest"), zone.axes, strict=True):
            predicted[f"{word} axis", process] = 1e3 * length
    off = max(state for state in states if state[0] <= case.protocol.laser_time)
    for i, distance in enumerate(distances):
        predicted[f"temperature at {distance} mm", ""] = off[1][i]
        predicted[f"highest temperature at {distance} mm", ""] = max(s[1][i] for s in states)
    return predicted


def error_of(row: Row, value: float) -> float:
    """Return ln(predicted / measured) per length, or kelvins between temperatures."""
    measured = float(row["measured"])
    if row["unit"] == "degC":
        return value - measured
    ratio = log(value / measured) if value > 0.0 else -inf
    return ratio / 3.0 if row["quantity"] == "volume" else ratio


def print_rows(rows: list[Row], columns: dict[str, dict[int, float]]) -> None:
    """Print a line for each row, with predicted value and error in every column."""
    print(f"{'':<53}" + "".join(f"{label:>24}" for label in columns))
    for i, row in enumerate(rows):
        spread = f" +- {row['measured_sd']}" if row["measured_sd"] else ""
        least = "<= " if row["kind"] == "maximum" else ""
        shown = f"{least}{row['measured']}{spread} {row['unit']}"
        line = f"{row['case']:<18}{row['quantity']:<19.19}{shown:>16}"
        for values in columns.values():
            error = error_of(row, values[i])
            unit = " K" if row["unit"] == "degC" else "  "
            digits = 1 if row["unit"] == "degC" else 2
            line += f"{values[i]:>14.1f} {error:>+7.{digits}f}{unit}"
        print(line)


def lesion_errors(rows: list[Row], values: dict[int, float], kind: str) -> dict[str, float]:
    """Return ln(D predicted / measured) of every lesion, D that of the ellipsoid it measured."""
    errors = {}
    numbered = [(i, row) for i, row in enumerate(rows) if row["kind"] == kind and row["zone"]]
    for name, group in groupby(numbered, key=lambda entry: entry[1]["case"]):
        known = [(AXES.get(r["quantity"], 1), error_of(r, values[i])) for i, r in group]
        errors[name] = sum(n * error for n, error in known) / sum(n for n, _ in known)
    return errors


def print_summary(rows: list[Row], columns: dict[str, dict[int, float]]) -> None:
    """Print root mean squares over lesions, and volumes without flow over those with."""
    for words, kind in (("two-sided", "mean"), ("maximum", "maximum")):
        line = f"RMS of ln D over lesions, {words:<27}"
        for values in columns.values():
            errors = list(lesion_errors(rows, values, kind).values())
            rms = sqrt(sum(error**2 for error in errors) / len(errors)) if errors else None
            line += f"{'-' if rms is None else f'{rms:.2f}':>22}  "
        print(line)
    volumes = {row["case"]: i for i, row in enumerate(rows) if row["quantity"] == "volume"}
    for words, stem in PAIRS.items():
        if {f"{stem}_flow", f"{stem}_occl"} <= set(volumes):
            flow, occluded = volumes[f"{stem}_flow"], volumes[f"{stem}_occl"]
            measured = float(rows[occluded]["measured"]) / float(rows[flow]["measured"])
            line = f"occluded / perfused, {words:<16}{measured:>13.1f}   "
            for values in columns.values():
                line += f"{values[occluded] / values[flow] if values[flow] else inf:>22.1f}  "
            print(line)


def print_needed(rows: list[Row], columns: dict[str, dict[int, float]], asked: list[str]) -> None:
    """Print the transmission at which each diffuser lesion would be met, for every kinetics."""
    print("\ntransmission that would meet the lesion")
    step = len(asked)
    labels = list(columns)
    for first in range(0, len(labels), step):
        by_transmission = [columns[label] for label in labels[first : first + step]]
        print(f"  {labels[first].rpartition(' ')[0] or 'default kinetics'}")
        for kind in ("mean", "maximum"):
            each = [lesion_errors(rows, values, kind) for values in by_transmission]
            for name in each[0]:
                errors = list(zip(map(float, asked), (e[name] for e in each), strict=True))
                print(f"    {name:<20}{crossing(errors)}")


def crossing(errors: list[tuple[float, float]]) -> str:
    """Return where errors that rise with their first number pass zero, in words."""
    for (a, low), (b, high) in pairwise(errors):
        if low < 0.0 <= high:
            return f"{b if low == -inf else a + (b - a) * low / (low - high):.2f}"
    return f"below {errors[0][0]}" if errors[0][1] >= 0.0 else f"above {errors[-1][0]}"


def make_columns(options: argparse.Namespace) -> dict[str, Changes]:
    """Return what each column changes, by its label."""
    columns: dict[str, Changes] = {}
    processes = PROCESSES if options.all_three else ("stasis",)
    asked = (options.kinetics, options.start, options.change, options.transmission)
    for words in product(*(values or [""] for values in asked)):
        kinetics, start, change, transmission = words
        changes: Changes = {f"physics.{p}": kinetics for p in processes if kinetics}
        changes |= {"start": start} if start else {}
        changes |= {"change": change} if change else {}
        changes |= {"transmission": float(transmission)} if transmission else {}
        columns[" ".join(filter(None, words))] = changes
    return columns


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Print the table; return the error of every row in the first column."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="CASE", help="these cases alone")
    parser.add_argument("--kinetics", nargs="+", metavar="NAME", help="of stasis, one column each")
    parser.add_argument("--all-three", action="store_true", help="kinetics for all processes")
    parser.add_argument("--start", nargs="+", metavar="T", help="of the cases on the bench")
    parser.add_argument("--transmission", nargs="+", metavar="SHARE", help="of the diffusers")
    parser.add_argument("--change", nargs="+", metavar="CHANGE", help="see above; one column each")
    parser.add_argument("--spacing", default="2 mm", help="edge length of a cell")
    options = parser.parse_args(arguments)
    rows = [row for row in read_measured() if not options.only or row["case"] in options.only]
    cases = {row["case"]: ablsim.Case.from_toml(HERE / f"{row['case']}.toml") for row in rows}
    if options.start:
        rows = [row for row in rows if cases[row["case"]].tissue.perfusion == "none"]
    if options.transmission:
        rows = [row for row in rows if cases[row["case"]].fibres_all[0].kind == "diffuser"]
    columns: dict[str, dict[int, float]] = {}
    for label, changes in make_columns(options).items():
        names = dict.fromkeys(row["case"] for row in rows)
        found = {name: predict(read_case(name, changes, options.spacing)) for name in names}
        values = [found[row["case"]][row["quantity"], row["zone"]] for row in rows]
        columns[label] = dict(enumerate(values))
    print_rows(rows, columns)
    print_summary(rows, columns)
    if options.transmission:
        print_needed(rows, columns, options.transmission)
    first = next(iter(columns.values()))
    return {f"{r['case']} {r['quantity']}": error_of(r, first[i]) for i, r in enumerate(rows)}


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    try:
        main()
    except ablsim.AblsimError as error:
        sys.exit(f"{Path(__file__).name}: {error}")
