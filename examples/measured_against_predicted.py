"""How close does ablsim come to five published lesions, with one set of defaults?

Simulates the case files beside this script that `measured.csv` names and prints measured beside
predicted. A "maximum" is the largest lesion of a series, so the prediction should stay below it.
Takes a minute or two.
"""

import csv
from math import log
from pathlib import Path

import ablsim

HERE = Path(__file__).parent


def read_measured() -> list[dict[str, str]]:
    """Return the rows of measured.csv."""
    with (HERE / "measured.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def predict(name: str) -> dict[tuple[str, str], float]:
    """Return length, diameter [mm] and volume [mL] of each zone of a case."""
    result = ablsim.simulate(ablsim.Case.from_toml(HERE / f"{name}.toml"))
    zones = ablsim.measure_zones(result)
    predicted = {}
    for process in ("stasis", "whitening", "death"):
        zone = zones[process]
        predicted["length", process] = 1e3 * zone.along
        predicted["diameter across", process] = 1e3 * zone.across
        predicted["volume", process] = 1e6 * zone.volume
    return predicted


def main(only: tuple[str, ...] = ()) -> dict[str, float]:
    """Print the table; return ln(predicted / measured) of every row, per length."""
    rows = [row for row in read_measured() if not only or row["case"] in only]
    predictions = {name: predict(name) for name in dict.fromkeys(row["case"] for row in rows)}
    errors = {}
    print(f"{'case':<20} {'quantity':<16} {'measured':>16} {'predicted':>10}   ratio")
    for row in rows:
        measured = float(row["measured"])
        value = predictions[row["case"]][row["quantity"], row["zone"]]
        spread = f" +- {row['measured_sd']}" if row["measured_sd"] else ""
        shown = f"{'<= ' if row['kind'] == 'maximum' else ''}{row['measured']}{spread}"
        print(
            f"{row['case']:<20} {row['quantity']:<16} {shown:>13} {row['unit']:<2} "
            f"{value:>7.1f} {row['unit']:<2}   {value / measured:.2f}"
        )
        per_length = 1.0 / 3.0 if row["quantity"] == "volume" else 1.0
        errors[f"{row['case']} {row['quantity']}"] = per_length * log(value / measured)
    return errors


if __name__ == "__main__":
    main()
