"""A validation as a report in Markdown, with everything that was assumed."""

from collections.abc import Sequence

from ablsim import __version__
from ablsim.notebook import DISCLAIMER
from ablsim.validation.outcomes import OutcomeLine
from ablsim.validation.outcomes_text import MEANING, say_verdicts, to_markdown_table
from ablsim.validation.report import Line
from ablsim.validation.study import Study
from ablsim.validation.totals import Totals
from ablsim.validation.wording import (
    explain_columns,
    number,
    say_band,
    say_error,
    say_measured,
    say_not_simulated,
    say_off,
    say_predicted,
    say_settings,
    say_totals,
)


def to_markdown(
    study: Study,
    lines: Sequence[Line],
    totals: Totals,
    *,
    figure: str | None = None,
    rates: Sequence[OutcomeLine] | None = None,
) -> str:
    """Return a validation as a report.

    Parameters
    ----------
    study : Study
        What was asked.
    lines : sequence of Line
        The lines of the table.
    totals : Totals
        What they say together.
    figure : str, optional
        Name of the picture beside the report.
    rates : sequence of OutcomeLine, optional
        Rates of complete ablation, if they were asked for.
    """
    shown = [line for line in lines if line.verdict != "not simulated"]
    parts = [f"# Measured and predicted\n\n{say_settings(study)} ablsim {__version__}."]
    if shown:
        parts += [_table(shown), explain_columns(study)]
    if figure is not None and shown:
        parts.append(f"![Predicted over measured]({figure})")
    if shown:
        parts.append(_section("In sum", say_totals(totals)))
    parts += [
        _section("Off, and the likeliest reason", say_off(totals)),
        _rates(rates),
        _section("Bench tissue that shrinks", _shrunk(shown)),
        _section("Assumed", _assumed(study)),
        _section("Remarks", _remarks(shown)),
        _section("Not simulated", say_not_simulated(lines)),
        _section("Sources", _sources(shown)),
        f"*{DISCLAIMER}*",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rates(rates: Sequence[OutcomeLine] | None) -> str:
    if not rates:
        return ""
    parts = [
        "## Complete ablation in published series",
        to_markdown_table(rates),
        MEANING,
        "\n".join(f"- {text}" for text in say_verdicts(rates)),
        "![Published and predicted rates](outcomes.png)",
    ]
    return "\n\n".join(parts)


def _table(lines: Sequence[Line]) -> str:
    head = ("row", "zone", "quantity", "measured", "predicted", "ln D", "90 % band", "verdict")
    rows = [
        (
            f"`{line.row.id}`",
            line.row.zone,
            line.name,
            say_measured(line),
            say_predicted(line),
            say_error(line),
            say_band(line),
            line.verdict,
        )
        for line in lines
    ]
    rule = ["---"] * 4 + ["---:"] * 3 + ["---"]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _section(heading: str, entries: Sequence[str]) -> str:
    if not entries:
        return ""
    return f"## {heading}\n\n" + "\n".join(f"- {entry}" for entry in entries)


def _shrunk(lines: Sequence[Line]) -> list[str]:
    """Return what a ruler would read after shrinkage, which the table leaves out."""
    return [
        f"`{line.row.id}`, {line.name}: {say_measured(line)} measured; {number(line.predicted)} "
        f"predicted before shrinking, {number(line.shrunk[0])} to {number(line.shrunk[1])} after "
        "22 to 12 %"
        for line in lines
        if line.shrunk is not None
    ]


def _assumed(study: Study) -> list[str]:
    return [
        f"`{plan.row.id}`: {'; '.join(plan.assumed)}"
        for plan in study.plans
        if plan.run is not None and plan.assumed
    ]


def _remarks(lines: Sequence[Line]) -> list[str]:
    return [f"`{line.row.id}`, {line.name}: {line.reason}" for line in lines if line.reason]


def _sources(lines: Sequence[Line]) -> list[str]:
    rows = {line.row.id: line.row for line in lines}
    return [f"`{name}`: {row.source}; {row.doi_or_url}" for name, row in rows.items()]
