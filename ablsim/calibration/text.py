"""A calibration as the text that a person reads in the terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ablsim.notebook import DISCLAIMER

WIDTH = 98


def render_calibration(table: Mapping[str, Any]) -> str:
    """Return a calibration as plain text.

    Parameters
    ----------
    table : mapping
        What `ablsim.calibration.record.describe_calibration` returns.
    """
    parts = [
        _verdict(table),
        _parameters(table),
        _correlations(table["correlations"]),
        _rows(table["rows"]),
        _surrogates(table["rows"]),
        _left_out(table),
        _samplers(table),
        _failed(table["failed"]),
        _wrap(
            "The defaults of cases stay as they are, the same for every case; only what may be "
            "off by how much comes from here. Where a default lies far out in the posterior, a "
            "band lies beside the number of the run."
        ),
        [DISCLAIMER],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _verdict(table: Mapping[str, Any]) -> list[str]:
    rows, settings = table["rows"], table["settings"]
    sources = len({row["source"] for row in rows})
    verdict = table["sampler"]["verdict"]
    return _wrap(
        f"Calibration on {len(rows)} rows of {sources} publications, {settings['runs']} designed "
        f"runs each: {verdict}{'' if table['converged'] else ' (see below)'}."
    )


def _parameters(table: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{'Parameter':<31}{'default':>8}{'prior':>8}{'SD':>6}{'5-95 %':>15}{'post.':>8}{'SD':>6}"
        f"{'5-95 %':>15}"
    ]
    error = {"name": "error of the model, SD ln D", "unit": "1", **table["model_error_sd_ln_d"]}
    far = []
    for entry in [*table["parameters"], error]:
        unit = entry["unit"]
        name = entry["name"] + {"K": " [K]", "factor": " [x]"}.get(unit, "")
        before, after = (_cells(entry[which], unit) for which in ("prior", "posterior"))
        default = _number(entry["default"], unit) if "default" in entry else ""
        below, before_below = (
            entry.get(f"{which}_below_default", 0.5) for which in ("posterior", "prior")
        )
        if min(below, 1.0 - below) < min(_FAR, 0.5 * min(before_below, 1.0 - before_below)):
            far.append(f"{entry['name']} ({100.0 * below:.0f} % of the posterior lies below)")
        lines.append(
            f"{'  ' + name:<31}{default:>8}{before[0]:>8}{before[1]:>6}{before[2]:>15}"
            f"{after[0]:>8}{after[1]:>6}{after[2]:>15}"
        )
    if far:
        lines += _wrap(f"Defaults far out in the posterior: {', '.join(far)}.")
    return lines


_FAR = 0.1  # share of the posterior on one side of a default


def _cells(spread: Mapping[str, float], unit: str) -> tuple[str, str, str]:
    low, high = (_number(spread[key], unit) for key in ("p05", "p95"))
    sd = f"{spread['sd']:.2f}" if unit in {"K", "factor"} else f"{spread['sd']:.3f}"
    return _number(spread["mean"], unit), sd, f"{low} to {high}"


def _number(value: float, unit: str) -> str:
    """Return a shift with its sign, a factor or a share."""
    if unit == "K":
        return f"{value + 0.0:+.2f}" if abs(value) >= 0.005 else "0.00"
    return f"{value:.2f}" if unit == "factor" else f"{value:.3f}"


def _correlations(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    if not pairs:
        return ["No two parameters are correlated above 0.3 in the posterior."]
    lines = ["What the data could not tell apart (correlation)"]
    for pair in pairs:
        a, b = pair["between"]
        words = (
            "more of one, more of the other"
            if pair["correlation"] > 0.0
            else ("more of one, less of the other")
        )
        lines.append(f"  {pair['correlation']:+.2f}  {a} and {b}: {words}")
    return lines


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"{'Equivalent diameter [mm]':<31}{'':8}{'':9}{'parameters alone, 5-95 %':>28}"
        f"{'with all errors':>18}",
        f"{'':<31}{'measured':>8}{'default':>9}{'prior':>14}{'posterior':>14}{'5-95 %':>18}",
    ]
    for row in rows:
        after = row["posterior"]
        measured = _SIGNS[row["kind"]] + f"{row['measured_mm']:.1f}"
        mark = "" if after["within"] else "  *"
        lines.append(
            f"{'  ' + row['id']:<21}{row['zone']:<10}{measured:>8}{row['default_mm']:>9.1f}"
            f"{_span(row['prior']['typical_mm']):>14}{_span(after['typical_mm']):>14}"
            f"{_span(after['measured_mm']):>18}{mark}"
        )
    if not all(row["posterior"]["within"] for row in rows):
        lines.append("  * not within what even this posterior, which has seen it, predicts")
    return lines


_SIGNS = {"two-sided": "", "maximum": "<= ", "minimum": ">= "}


def _surrogates(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"{'Surrogate':<29}{'form':>18}{'left-out RMS ln D':>19}{'runs near it':>14}"
        f"{'1 mm over 2 mm':>18}"
    ]
    for row in rows:
        fit = row["surrogate"]
        near = f"{fit['runs_near']} of {fit['runs']}"
        lines.append(
            f"{'  ' + row['id']:<29}{fit['form']:>18}{fit['error_ln_d']:>19.3f}{near:>14}"
            f"{row['grid_offset_ln_d']:>+18.3f}"
        )
        if fit["cut_off"]:
            lines.append(f"    {fit['cut_off']} runs reach the wall of the domain and are not used")
    return lines


def _left_out(table: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{'Left out, then predicted [mm]':<39}{'measured':>10}{'5-95 %':>16}{'median':>10}  inside"
    ]
    rows = {row["id"]: row for row in table["rows"]}
    for one in table["left_out"]:
        lines.append(f"  {textwrap.shorten(one['source'], 72, placeholder=' ...')}")
        for found in one["rows"]:
            row = rows[found["id"]]
            measured = _SIGNS[row["kind"]] + f"{row['measured_mm']:.1f}"
            inside = "yes" if found["within"] else "NO"
            lines.append(
                f"{'    ' + found['id']:<39}{measured:>10}{_span(found['measured_mm']):>16}"
                f"{found['typical_mm'][1]:>10.1f}  {inside}"
            )
    summary = table["left_out_summary"]
    lines += _wrap(
        f"Of {summary['two_sided']} means, {summary['within_90_percent']} lie in their 90 % "
        f"interval; root mean square of ln D {summary['rms_ln_d']:.2f}. Of {summary['one_sided']} "
        f"one-sided rows, {summary['contradicted']} lie on the wrong side."
    )
    return lines


def _samplers(table: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{'Sampler':<29}{'steps':>8}{'acceptance':>12}{'autocorr.':>11}{'effective':>11}"
        f"{'split R-hat':>13}"
    ]
    named = [("posterior", table["sampler"])]
    named += [
        (f"without {one['rows'][0]['id']}{' ...' * (len(one['rows']) > 1)}", one["sampler"])
        for one in table["left_out"]
    ]
    for name, sampler in named:
        lines.append(
            f"{'  ' + name:<29}{sampler['steps']:>8}{sampler['acceptance']:>12.2f}"
            f"{sampler['autocorrelation_time']:>11.0f}{sampler['effective_size']:>11.0f}"
            f"{sampler['split_rhat']:>13.3f}"
        )
        if sampler["verdict"] != "converged":
            lines.append(f"    {sampler['verdict']}")
    return lines


def _failed(failed: Mapping[str, str]) -> list[str]:
    if not failed:
        return []
    return [
        f"Runs without a result: {len(failed)}",
        *(f"  {name}: {textwrap.shorten(why, 76)}" for name, why in failed.items()),
    ]


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.1f}-{interval[-1]:.1f}"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)
