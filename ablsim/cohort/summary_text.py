"""The summary of a study as the text that a person reads in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablsim.notebook import DISCLAIMER

LIKELY, RARE = 0.2, 0.05
"""Probabilities from which on an observation agrees with a policy, and hardly does."""

_ALIKE = 2.0  # times as many lesions as were observed
_FAILURES = 5  # listed in the text; the summary has more


def render_cohort(summary: Mapping[str, Any], folder: str = "") -> str:
    """Return a summary as plain text for a terminal.

    Parameters
    ----------
    summary : mapping
        What `ablsim.cohort.run_cohort` returns.
    folder : str, optional
        Where the study lies, to say what to do about failures.
    """
    parts = [
        [str(summary["study"]["title"])],
        _who(summary),
        *(_table(summary, policy) for policy in summary["policies"]),
        _observed(summary),
        _verdict(summary),
        _agreement(summary),
        _failures(summary, folder),
        _how(summary),
        [DISCLAIMER],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _who(summary: Mapping[str, Any]) -> list[str]:
    population = summary["population"]
    size = population["diameter_mm"]
    many = population["populations"]
    among = f" in {many} populations" if many > 1 else ""
    lines = [
        f"{population['lesions']} lesions{among}, longest axis {size['min']:g} to {size['max']:g} "
        f"mm, mean {size['mean']:.3g} mm; {summary['draws']} draws each",
        _count_cases(summary),
    ]
    return lines + [f"  - {note}" for note in population["notes"]]


def _count_cases(summary: Mapping[str, Any]) -> str:
    text = f"{summary['cases']} cases, {summary['distinct_cases']} of them different: "
    parts = [f"{summary['done']} done"]
    parts += [f"{summary[key]} {key}" for key in ("failed", "missing") if summary[key]]
    return text + ", ".join(parts)


def _table(summary: Mapping[str, Any], policy: str) -> list[str]:
    """Return the classes of one policy, one a line."""
    entries = [entry for entry in summary["classes"] if entry["policy"] == policy]
    has_strata = any(entry["stratum"] for entry in entries)
    column = f"{'stratum':<14}" if has_strata else ""
    lines = [
        f'Policy "{policy}"',
        f"  {column}{'mm':>9}{'lesions':>9}   ablated, %      complete, %       energy, kJ"
        "   placements   observed",
    ]
    for entry in entries:
        stratum = f"{entry['stratum'] or 'all':<14}" if has_strata else ""
        lines.append(
            f"  {stratum}{_span(entry['diameter_mm']):>9}{entry['n']:>9}   "
            f"{_percents(entry['ablated_fraction']):<16}{_bare_rate(entry['complete_rate']):<18}"
            f"{_energy(entry['energy_j']):<13}{_number(entry['placements']):<13}"
            f"{_seen(entry['observed'])}"
        )
    totals = next((entry for entry in summary["totals"] if entry["policy"] == policy), None)
    if totals is not None:
        population = "a population" if summary["population"]["populations"] > 1 else "all together"
        lines.append(
            f"  {population}: {_energy(totals['energy_j'])} kJ in {_times(totals['placements'])}, "
            f"{_number(totals['sessions'])} sessions"
        )
    lines.append(
        "  ablated: median (5 to 95 % of lesions and draws); complete: from "
        f"{100.0 * summary['complete_from']:g} % on (95 % interval over draws)"
    )
    return lines


def _observed(summary: Mapping[str, Any]) -> list[str]:
    """Return each aggregate observation in a sentence, and what each policy makes of it."""
    lines: list[str] = []
    entries = summary["observations"]
    for entry in entries:
        if not lines:
            lines.append("Observed of lesions together")
        seen, predicted = entry["observed"], entry["predicted"]
        where = _where(entry["diameter_mm"], entry["stratum"])
        if entry is next(e for e in entries if _same(e, entry)):
            lines.append(f"  {_say_observed(seen, where)}")
        lines.append(f"    {entry['policy']}: {_say_predicted(seen, predicted)}")
    return lines


def _verdict(summary: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each aggregate observation: with which policies it agrees."""
    likely: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    rates: dict[str, list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]] = {}
    for entry in summary["observations"]:
        seen, predicted = entry["observed"], entry["predicted"]
        where = _where(entry["diameter_mm"], entry["stratum"])
        asked = {"all_over": f"over {100.0 * seen.get('fraction_over', 0.0):g} % of each ablated"}
        if _is_alike(seen, predicted):
            asked["as_many_complete"] = f"{seen['complete']} or more complete"
            if seen["complete"] == seen["lesions"]:
                asked["all_complete"] = "every one complete"
        elif "complete" in seen and predicted.get("complete_rate") is not None:
            what = f"{seen['complete']} of {seen['lesions']} complete, {where}"
            both = (predicted["complete_rate"], seen["complete_rate"])
            rates.setdefault(what, []).append((entry["policy"], *both))
        for key, words in asked.items():
            if predicted.get(key) is not None:
                likely.setdefault(f"{words}, {where}", []).append((entry["policy"], predicted[key]))
    lines = [f"  {what}: {_say_agreement(found)}" for what, found in likely.items()]
    lines += [f"  {what}: {_say_overlap(found)}" for what, found in rates.items()]
    return ["Does the report agree with physics?", *lines] if lines else []


def _is_alike(seen: Mapping[str, Any], predicted: Mapping[str, Any]) -> bool:
    """Say whether a population has about as many such lesions as were observed.

    A count says nothing about populations that are many times as large; their rate does.
    """
    if "complete" not in seen or predicted["lesions"] is None:
        return False
    return bool(predicted["lesions"]["median"] <= _ALIKE * seen["lesions"])


def _say_overlap(
    rates: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]],
) -> str:
    """Return with which policies an observed rate agrees: where both 95 % intervals meet."""
    parts: dict[str, list[str]] = {"yes": [], "no": []}
    for policy, ours, theirs in rates:
        meets = ours["low"] <= theirs["high"] and theirs["low"] <= ours["high"]
        parts["yes" if meets else "no"].append(f'"{policy}" ({_percent(ours["rate"])} %)')
    return "; ".join(f"{word} with {' and '.join(named)}" for word, named in parts.items() if named)


def _say_agreement(rates: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Return which policies make an observation likely, which hardly, and which do not."""
    parts = []
    for words, low, high in (("yes", LIKELY, 2.0), ("hardly", RARE, LIKELY), ("no", -1.0, RARE)):
        named = [
            f'"{policy}" ({_percent(rate["rate"])} %)'
            for policy, rate in rates
            if low <= rate["rate"] < high
        ]
        if named:
            parts.append(f"{words} with {' and '.join(named)}")
    return "; ".join(parts)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    keys = ("diameter_mm", "stratum", "observed", "source")
    return all(one[key] == other[key] for key in keys)


def _say_observed(seen: Mapping[str, Any], where: str) -> str:
    parts = []
    if "complete" in seen:
        rate = seen["complete_rate"]
        parts.append(
            f"{seen['complete']} of {seen['lesions']} complete "
            f"({100 * rate['low']:.0f} to {100 * rate['high']:.0f} % at 95 %)"
        )
    elif "complete_rate" in seen:
        parts.append(f"{_percent(seen['complete_rate']['rate'])} % complete, of an unknown number")
    if "fraction_over" in seen:
        parts.append(f"over {100 * seen['fraction_over']:g} % ablated")
    return f"{where}: {', '.join(parts)}"


def _say_predicted(seen: Mapping[str, Any], predicted: Mapping[str, Any]) -> str:
    if not predicted["series"]:
        return "no such lesions"
    parts = []
    if _is_alike(seen, predicted):
        parts.append(f"all are complete with probability {_rate(predicted['all_complete'])}")
        parts.append(f"{seen['complete']} or more with {_rate(predicted['as_many_complete'])}")
    if "complete_rate" in predicted:
        parts.append(f"each is complete with {_rate(predicted['complete_rate'])}")
    if "all_over" in predicted:
        over = f"{100 * seen['fraction_over']:g} %"
        parts.append(f"all are over {over} with probability {_rate(predicted['all_over'])}")
        parts.append(f"each with {_rate(predicted['over_rate'])}")
    parts.append(f"{_energy(predicted['energy_j'])} kJ in {_times(predicted['placements'])} each")
    return ", ".join(parts)


def _agreement(summary: Mapping[str, Any]) -> list[str]:
    """Return how single lesions agree with what was observed of them."""
    lines: list[str] = []
    for entry in summary["agreement"]:
        for key, unit, scale in (("fraction", "%", 100.0), ("volume_ml", "mL", 1.0)):
            found = entry[key]
            if found is None:
                continue
            bias, limits = found["bias"], found["limits"]
            what = "ablated share" if key == "fraction" else "zone volume"
            lines.append(
                f"  {entry['policy']}, {what} of {found['n']} lesions: predicted - observed "
                f"{_signed(bias, scale)} {unit} (95 % interval {_range(bias, scale)}), limits of "
                f"agreement {scale * limits['lower']['value']:+.3g} to "
                f"{scale * limits['upper']['value']:+.3g} {unit}"
            )
            lines.append(f"    {_say_calibration(found)}")
    return ["Agreement with single lesions", *lines] if lines else []


def _say_calibration(found: Mapping[str, Any]) -> str:
    within = found["within_p05_to_p95"]
    text = f"{within['count']} of {within['of']} within the predicted 5 to 95 %"
    if found["calibration"] is None:
        return text
    slope = found["calibration"]["slope"]
    return f"{text}; calibration slope {slope['value']:.2f} ({_range(slope, 1.0)})"


def _failures(summary: Mapping[str, Any], folder: str) -> list[str]:
    failures = summary["failures"]
    if not failures:
        return []
    lines = [f"Without a result ({summary['failed']})"]
    for entry in failures[:_FAILURES]:
        lines.append(
            f"  {entry['lesion']}, {entry['policy']}, draw {entry['draw']}: {entry['reason']}"
        )
        if entry["command"]:
            there = f"cd {folder} && " if folder else ""
            lines.append(f"    {there}{entry['command']}")
    if len(failures) > _FAILURES:
        lines.append(f"  and {summary['failed'] - _FAILURES} more, in summary.json")
    return lines


_PARAMETERS = {
    "calibrated": "parameters as published lesions left them, the library's spreads for the others",
    "library": "parameters with the spreads of the library",
    "none": "parameters at their defaults",
}


def _how(summary: Mapping[str, Any]) -> list[str]:
    return [
        f"Zone of {summary['zone']}; cells of {summary['spacing_mm']:g} mm; "
        f"{_PARAMETERS[summary['parameters']]}; error of the model itself "
        f"{summary['model_error_sd_ln_d']:.2g} in ln(diameter)"
    ]


def _where(span: Sequence[float | None], stratum: str | None) -> str:
    low, high = span
    if high is None:
        text = f"from {low:g} mm" if low else "all lesions"
    else:
        text = f"{low:g} to {high:g} mm" if low else f"up to {high:g} mm"
    return f"{text}, {stratum}" if stratum else text


def _span(span: Sequence[float | None]) -> str:
    low, high = span
    if high is None:
        return f"> {low:g}"
    return f"{low:g}-{high:g}" if low else f"to {high:g}"


def _percents(spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return "-"
    low, middle, high = (100.0 * spread[key] for key in ("p05", "median", "p95"))
    return f"{middle:.0f} ({low:.0f}-{high:.0f})"


def _rate(rate: Mapping[str, Any] | None) -> str:
    return "-" if rate is None else f"{_bare_rate(rate)} %"


def _bare_rate(rate: Mapping[str, Any] | None) -> str:
    if rate is None:
        return "-"
    return f"{_percent(rate['rate'])} ({_percent(rate['low'])}-{_percent(rate['high'])})"


def _percent(share: float) -> str:
    """Return a share in percent; never 0 or 100 for what is not."""
    if 0.0 < share < 0.005:
        return "<1"
    return ">99" if 0.995 < share < 1.0 else f"{100.0 * share:.0f}"


def _energy(spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return "-"
    low, high = (1e-3 * spread[key] for key in ("p05", "p95"))
    return f"{low:.3g}" if low == high else f"{low:.3g}-{high:.3g}"


def _number(spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return "-"
    low, high = spread["p05"], spread["p95"]
    return f"{low:g}" if low == high else f"{low:.3g}-{high:.3g}"


def _times(placements: Mapping[str, float] | None) -> str:
    number = _number(placements)
    return f"{number} placement{'' if number == '1' else 's'}"


def _seen(observed: Mapping[str, Any]) -> str:
    parts = []
    if observed["complete_rate"] is not None:
        rate = observed["complete_rate"]
        parts.append(f"{rate['count']} of {rate['of']} complete")
    if observed["ablated_fraction"] is not None:
        parts.append(f"{_percents(observed['ablated_fraction'])} %")
    return ", ".join(parts) or "-"


def _signed(value: Mapping[str, float], scale: float) -> str:
    return f"{scale * value['value']:+.3g}"


def _range(value: Mapping[str, float], scale: float) -> str:
    return f"{scale * value['low']:.3g} to {scale * value['high']:.3g}"
