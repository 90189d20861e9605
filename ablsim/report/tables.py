"""The tables of a report: numbers of a summary in words that need no key."""

from collections.abc import Mapping
from typing import Any

from ablsim.report.page import Table
from ablsim.result import Result
from ablsim.units import to_mm
from ablsim.view.figures import SINKS
from ablsim.view.style import MINUS, TIMES, ZONE_NAMES

Summary = Mapping[str, Any]


def zones_table(summary: Summary) -> Table:
    """Return the zones by process, with their intervals where a band is known."""
    band, rows = summary["error"]["band"], []
    for process, zone in summary["zones"].items():
        axes = f" {TIMES} ".join(f"{length:.1f}" for length in zone["axes_mm"])
        row = [
            ZONE_NAMES[process],
            f"{zone['volume_ml']:.2f}",
            axes,
            f"{zone['along_fibre_mm']:.1f}",
            f"{zone['across_fibre_mm']:.1f}",
            str(zone["pieces"]),
        ]
        if band is not None:
            low, *_, high = band["zones"][process]["volume_ml"]
            row.insert(2, f"{low:.2f} to {high:.2f}")
        rows.append(row)
    header = ["zone of", "mL", "axes, mm", "along the fibre, mm", "across, mm", "pieces"]
    if band is not None:
        header.insert(2, "5 to 95 %, mL")
    return Table(header, rows)


def tumour_table(tumour: Mapping[str, Any], band: Mapping[str, Any] | None) -> Table:
    """Return what was reached on the tumour."""
    around = None if band is None else band["tumour"]

    def row(name: str, key: str, text: str, factor: float, digits: int) -> list[str]:
        cells = [name, text.format(_signed(factor * tumour[key], digits, key))]
        if around is not None:
            low, *_, high = (factor * value for value in around[key])
            cells.append(f"{low:.{digits}f} to {high:.{digits}f}".replace("-", MINUS))
        return cells

    rows = [
        row("ablated", "ablated_fraction", "{} %", 100.0, 1),
        row("ablated with the margin asked for", "ablated_fraction_with_margin", "{} %", 100.0, 1),
        row("left", "residual_ml", "{} mL", 1.0, 2),
        row("smallest margin", "margin_min_mm", "{} mm", 1.0, 1),
        row("mean margin", "margin_mean_mm", "{} mm", 1.0, 1),
    ]
    size = f"of {tumour['diameter_mm']:.1f} mm, {tumour['volume_ml']:.2f} mL"
    return Table([f"tumour {size}", "", *([] if around is None else ["5 to 95 %"])], rows)


def _signed(value: float, digits: int, key: str) -> str:
    text = f"{value:+.{digits}f}" if key.startswith("margin") else f"{value:.{digits}f}"
    return text.replace("-", MINUS)


def fibres_table(result: Result) -> Table:
    """Return where the fibres are and what they are."""
    rows = []
    for fibre in result.case.fibres_all:
        place = ", ".join(f"{to_mm(part):.1f}" for part in fibre.tip)
        direction = ", ".join(f"{part:.3g}" for part in fibre.direction)
        kind = fibre.kind if fibre.length == 0.0 else f"{fibre.kind}, {to_mm(fibre.length):g} mm"
        core = f"{to_mm(fibre.core_diameter):g} mm"
        rows.append([fibre.name, kind, f"({place})", f"({direction})", core])
    return Table(["fibre", "kind", "tip: x, y, z in mm (LPS)", "direction", "core"], rows)


def energy_table(result: Result) -> Table:
    """Return what became of the energy."""
    ledger = result.ledger
    fired = ledger.fired
    rows = [["fired by the laser", f"{fired:.0f} J", "100.0 %" if fired else ""]]
    for key, (words, _) in SINKS.items():
        value = fired - ledger.emitted if key == "fibres" else float(getattr(ledger, key))
        if abs(value) < 0.5:
            continue
        rows.append([words, f"{value:.0f} J", f"{100.0 * value / fired:.1f} %" if fired else ""])
    missing = abs(ledger.balance_error) * fired
    rows.append(["missing in these books", f"{missing:.2g} J", ""])
    return Table(["energy", "", "share"], rows)


def organs_table(summary: Summary) -> Table | None:
    """Return how hot organs became, beside their limits."""
    rows = []
    for organ in summary["organs"]:
        limits = organ["limits"]
        asked = [
            text.format(limits[key])
            for key, text in (("peak_degc", "{:g} °C"), ("damage", "damage {:g}"))
            if limits[key] is not None
        ]
        kept = {True: "kept", False: "EXCEEDED", None: "none asked for"}[organ["within_limits"]]
        limit = f"{', '.join(asked)}: {kept}" if asked else kept
        peak = f"{organ['peak_degc']:.1f} °C"
        rows.append([organ["name"], peak, f"{organ['damage']:.2g}", limit])
    return Table(["organ", "peak", "damage (cell death)", "limits"], rows) if rows else None


def probes_table(summary: Summary) -> Table | None:
    """Return what the thermometers read."""
    rows = []
    for probe in summary["probes"]:
        place = ", ".join(f"{part:.1f}" for part in probe["position_mm"])
        peak = f"{probe['peak_degc']:.1f} °C"
        time = f"{probe['peak_at_s']:.0f} s"
        stasis = f"{probe['damage']['stasis']:.2g}"
        rows.append([probe["name"], f"({place})", peak, time, stasis])
    header = ["probe", "x, y, z in mm", "peak", "at", "damage (stasis)"]
    return Table(header, rows) if rows else None


def sensitivity_table(band: Mapping[str, Any]) -> Table:
    """Return what the numbers hang on: shares of the variance."""
    shares = band["shares"]
    both = shares["ablated_fraction"] is not None and band["tumour"] is not None
    rows = []
    for entry in band["varied"]:
        name = entry["name"]
        cells = [name, _percent(shares["volume"][name])]
        if both:
            cells.append(_percent(shares["ablated_fraction"][name]))
        rows.append([*cells, entry["spread"]])
    header = ["parameter", f"of the {shares['zone']} zone", *(["of what is ablated"] * both)]
    return Table([*header, "varied by"], rows, "Shares of the variance")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100.0 * share:.0f} %"


def numerics_table(result: Result, summary: Summary) -> Table:
    """Return how it was computed."""
    numbers = summary["numerics"]
    error = summary["error"]
    rows = [
        ["cells", f"{numbers['cells']:,} of {numbers['spacing_mm']:g} mm"],
        ["steps", f"{numbers['steps']:,}"],
        ["light", f"{result.case.numerics.light}, solved {numbers['light_updates']} times"],
        ["time taken", f"{numbers['wall_s']['total']:.1f} s on {numbers['threads']} threads"],
    ]
    if error["grid"] is not None:
        volume = error["grid"]["zones"][result.case.physics.reported_zone]["volume_ml"]
        low, high = volume["interval"]
        rows.append(["volume on ever finer cells", f"{low:.2f} to {high:.2f} mL (95 %)"])
    elif error.get("likely") is not None:
        rows.append(
            ["cells and steps move the volume by", f"at most {100 * error['likely']:.1f} %"]
        )
    for key, value in summary["provenance"].items():
        rows.append([key, str(value)])
    return Table(["computed", ""], rows)
