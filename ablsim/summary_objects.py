"""The part of a summary on organs and probes, as JSON and as lines of text."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.result import Result
from ablsim.units import to_celsius, to_mm

EXCEEDED = "EXCEEDED"
"""The word for a limit that was passed."""


def organ_entries(result: Result) -> list[dict[str, Any]]:
    """Return one JSON object for each organ.

    ``within_limits`` is null where the case sets no limits; a limit that it does not set is null.
    """
    limits = {organ.name: organ.no_go for organ in result.case.organs} if result.organs else {}
    return [_organ(organ, limits[organ.name]) for organ in result.organs]


def _organ(organ: OrganExposure, no_go: Any) -> dict[str, Any]:
    hottest = None if no_go is None else no_go.peak_temperature
    return {
        "name": organ.name,
        "peak_degc": to_celsius(organ.peak),
        "peak_at_s": organ.peak_time,
        "damage": organ.damage,
        "within_limits": None if no_go is None else not any(organ.passes(no_go)),
        "limits": {
            "peak_degc": None if hottest is None else to_celsius(hottest),
            "damage": None if no_go is None else no_go.damage,
        },
    }


def probe_entries(result: Result) -> list[dict[str, Any]]:
    """Return one JSON object for each probe."""
    return [_probe(probe) for probe in result.probes]


def _probe(probe: ProbeCurve) -> dict[str, Any]:
    return {
        "name": probe.name,
        "position_mm": [to_mm(part) for part in probe.position],
        "peak_degc": to_celsius(probe.peak),
        "peak_at_s": probe.peak_time,
        "end_degc": to_celsius(float(probe.temperatures[-1])),
        "damage": {
            "stasis": probe.stasis,
            "whitening": probe.whitening,
            "death": probe.death,
        },
    }


def organ_lines(organs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the table of organs for a terminal; nothing without organs."""
    if not organs:
        return []
    width = max(12, *(len(organ["name"]) + 2 for organ in organs))
    lines = [
        f"{'Organ':<{width}}    peak   damage   limits",
        f"{'':<{width}}    degC    death",
    ]
    return lines + [
        f"{organ['name']:<{width}}{organ['peak_degc']:>8.1f}{organ['damage']:>9.2g}   {_say(organ)}"
        for organ in organs
    ]


def _say(organ: Mapping[str, Any]) -> str:
    """Say how an organ stands to its limits."""
    limits = organ["limits"]
    passed: list[str] = []
    kept: list[str] = []
    for key, text in (("peak_degc", "{:g} degC"), ("damage", "damage {:g}")):
        if limits[key] is not None:
            (passed if organ[key] > limits[key] else kept).append(text.format(limits[key]))
    if passed:
        return f"{EXCEEDED}: {', '.join(passed)}"
    return f"kept: {', '.join(kept)}" if kept else "none asked for"


def probe_lines(probes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the table of probes for a terminal; nothing without probes."""
    if not probes:
        return []
    width = max(12, *(len(probe["name"]) + 2 for probe in probes))
    lines = [
        f"{'Probe':<{width}}    peak      at     end      damage of            place",
        f"{'':<{width}}    degC       s    degC  stasis   death     x, y, z, mm",
    ]
    for probe in probes:
        place = ", ".join(f"{part:.1f}" for part in probe["position_mm"])
        damage = probe["damage"]
        lines.append(
            f"{probe['name']:<{width}}{probe['peak_degc']:>8.1f}{probe['peak_at_s']:>8.0f}"
            f"{probe['end_degc']:>8.1f}{damage['stasis']:>8.2g}{damage['death']:>8.2g}{place:>20}"
        )
    return lines
