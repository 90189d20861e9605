"""A validation as plain text for a terminal."""

import textwrap
from collections.abc import Sequence

from ablsim.notebook import DISCLAIMER
from ablsim.validation.outcomes import OutcomeLine
from ablsim.validation.outcomes_text import MEANING, say_verdicts, table_lines
from ablsim.validation.report import Line
from ablsim.validation.study import Study
from ablsim.validation.totals import Totals
from ablsim.validation.wording import (
    explain_columns,
    say_band,
    say_error,
    say_measured,
    say_not_simulated,
    say_off,
    say_predicted,
    say_settings,
    say_totals,
)

WIDTH = 118

_HEAD = (
    f"{'row':<18}{'zone':<10}{'quantity':<28}{'measured':<17}{'predicted':>10}{'ln D':>8}"
    f"{'90 % band':>14}  verdict"
)


def render_validation(
    study: Study,
    lines: Sequence[Line],
    totals: Totals,
    rates: Sequence[OutcomeLine] | None = None,
) -> str:
    """Return a validation as plain text for a terminal.

    Parameters
    ----------
    study : Study
        What was asked.
    lines : sequence of Line
        The lines of the table.
    totals : Totals
        What they say together.
    rates : sequence of OutcomeLine, optional
        Rates of complete ablation, if they were asked for.
    """
    shown = [line for line in lines if line.verdict != "not simulated"]
    parts = [
        _wrapped(say_settings(study)),
        [_HEAD, *(_table_line(line) for line in shown)] if shown else [],
        _wrapped(explain_columns(study)) if shown else [],
        [line for text in say_totals(totals) for line in _wrapped(text, "  ")] if shown else [],
        _listed("Off, and the likeliest reason", say_off(totals)),
        _rates(rates),
        _listed("Not simulated", say_not_simulated(lines)),
        [DISCLAIMER],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _rates(rates: Sequence[OutcomeLine] | None) -> list[str]:
    if not rates:
        return []
    verdicts = [f"  {text}" for text in say_verdicts(rates)]
    heading = "Complete ablation in published series, by virtual cohorts"
    return [heading, *table_lines(rates), *verdicts, *_wrapped(MEANING, "  ")]


def _table_line(line: Line) -> str:
    return (
        f"{line.row.id:<18}{line.row.zone:<10}{line.name:<28}{say_measured(line):<17}"
        f"{say_predicted(line):>10}{say_error(line):>8}{say_band(line):>14}  {line.verdict}"
    )


def _listed(heading: str, entries: Sequence[str]) -> list[str]:
    if not entries:
        return []
    return [heading, *(line for text in entries for line in _wrapped(text, "  "))]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=2 * indent, break_on_hyphens=False
    )
