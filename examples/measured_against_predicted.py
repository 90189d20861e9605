"""How close does ablsim come to published lesions when one thing is changed for all of them?

`ablsim validate` compares every published row with the defaults, or with one change. This puts
several changes side by side, one column each, on cells of 2 mm unless told otherwise:

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
from collections.abc import Sequence
from itertools import pairwise, product
from math import inf

import numpy as np

import ablsim
from ablsim.validation import PublishedRow, make_case, read_rows
from ablsim.validation.answer import make_answer
from ablsim.validation.report import Line, make_lines
from ablsim.validation.study import RowAnswers, RowPlan
from ablsim.validation.totals import Totals, sum_up
from ablsim.validation.wording import number, say_error, say_measured

PROCESSES = ("stasis", "whitening", "death")

Changes = dict[str, object]


def read_measured() -> dict[str, PublishedRow]:
    """Return the published rows of which something was measured, by name."""
    return {row.id: row for row in read_rows() if row.is_simulated and row.quantities}


def change_case(row: PublishedRow, changes: Changes, spacing: str) -> ablsim.Case:
    """Return a row's case as a column has it; what does not concern it stays as it is."""
    case = make_case(row, spacing=spacing)
    fitting = {key: value for key, value in changes.items() if key.startswith("physics")}
    if "start" in changes and case.tissue.perfusion == "none":
        fitting["tissue.start_temperature"] = changes["start"]
    if "transmission" in changes and is_diffuser(row):
        fibres = "fibres" if case.fibre_array else "fibre#1"
        fitting[f"{fibres}.transmission"] = changes["transmission"]
    fitting |= one_change(case, str(changes.get("change", "")))
    return case.replace(fitting)


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
        has_length = case.fibres_all[0].kind == "diffuser"
        fibres = "fibres" if case.fibre_array else "fibre#1"
        return {f"{fibres}.length": value} if has_length else {}
    return {f"physics.{key}": value} if key else {}


def is_diffuser(row: PublishedRow) -> bool:
    """Say whether a row was treated with diffusers."""
    return make_case(row).fibres_all[0].kind == "diffuser"


def predict_all(rows: Sequence[PublishedRow], changes: Changes, spacing: str) -> list[Line]:
    """Return every measured number of the rows with its prediction under some changes."""
    found = []
    for row in rows:
        result = ablsim.simulate(change_case(row, changes, spacing))
        answer = make_answer(result, ablsim.measure_zones(result))
        found.append((RowPlan(row), RowAnswers(answer)))
    return list(make_lines(found))


def print_rows(columns: dict[str, list[Line]]) -> None:
    """Print a line for each measured number, with predicted value and error in every column."""
    print(f"{'':<61}" + "".join(f"{label:>24}" for label in columns))
    for lines in zip(*columns.values(), strict=True):
        first = lines[0]
        text = f"{first.row.id:<18}{first.name:<27}{say_measured(first):>16}"
        print(text + "".join(f"{number(one.predicted):>14} {say_error(one):>9}" for one in lines))


def print_summary(columns: dict[str, Totals]) -> None:
    """Print root mean squares over lesions, and volumes without flow over those with."""
    totals = list(columns.values())
    rows = {
        "RMS of ln D over lesions, two-sided": [one.lesions.rms for one in totals],
        "RMS of ln D over lesions, maxima": [one.maxima.rms for one in totals],
    }
    for i, ratio in enumerate(totals[0].ratios):
        name = f"occluded / perfused, {ratio.name}: {ratio.measured:.1f}"
        rows[name] = [one.ratios[i].predicted for one in totals]
    for name, values in rows.items():
        shown = (f"{'-' if v is None else f'{v:.2f}':>24}" for v in values)
        print(f"{name:<61}{''.join(shown)}")


def print_needed(columns: dict[str, Totals], asked: list[str]) -> None:
    """Print the transmission at which each diffuser lesion would be met, for every kinetics."""
    print("\ntransmission that would meet the lesion")
    step = len(asked)
    labels = list(columns)
    for first in range(0, len(labels), step):
        totals = [columns[label] for label in labels[first : first + step]]
        print(f"  {labels[first].rpartition(' ')[0] or 'default kinetics'}")
        each = [{**one.lesions.errors, **one.maxima.errors} for one in totals]
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
    """Print the table; return the error of every measured number in the first column."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="ROW", help="these rows alone")
    parser.add_argument("--kinetics", nargs="+", metavar="NAME", help="of stasis, one column each")
    parser.add_argument("--all-three", action="store_true", help="kinetics for all processes")
    parser.add_argument("--start", nargs="+", metavar="T", help="of the cases on the bench")
    parser.add_argument("--transmission", nargs="+", metavar="SHARE", help="of the diffusers")
    parser.add_argument("--change", nargs="+", metavar="CHANGE", help="see above; one column each")
    parser.add_argument("--spacing", default="2 mm", help="edge length of a cell")
    options = parser.parse_args(arguments)
    rows = [row for row in read_measured().values() if not options.only or row.id in options.only]
    if options.start:
        rows = [row for row in rows if row.is_bench]
    if options.transmission:
        rows = [row for row in rows if is_diffuser(row)]
    columns = {
        label: predict_all(rows, changes, options.spacing)
        for label, changes in make_columns(options).items()
    }
    totals = {label: sum_up(lines) for label, lines in columns.items()}
    print_rows(columns)
    print_summary(totals)
    if options.transmission:
        print_needed(totals, options.transmission)
    first = next(iter(columns.values()))
    return {f"{line.row.id} {line.name}": line.error or 0.0 for line in first}


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
