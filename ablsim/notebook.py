"""How objects show themselves in a notebook: small tables of escaped text, without scripts."""

from collections.abc import Iterable, Sequence
from html import escape

DISCLAIMER = "Research software. Not for clinical decisions."
"""Stands under everything that shows a result."""


def make_card(
    heading: str,
    rows: Iterable[Sequence[object]],
    *,
    columns: Sequence[str] = (),
    footer: str = "",
) -> str:
    """Return a small HTML table.

    Parameters
    ----------
    heading : str
        What stands above it.
    rows : iterable of sequences
        The cells of each row as text; the first one names the row.
    columns : sequence of str, optional
        Names of the columns.
    footer : str, optional
        What stands below it.

    Examples
    --------
    >>> make_card("A < B", [("volume", "2.0 mL")]).count("&lt;")
    1
    """
    left, right = 'style="text-align:left"', 'style="text-align:right"'
    many = len(columns) > 2
    lines = [f"<table><caption {left}><b>{escape(heading)}</b></caption>"]
    if columns:
        lines.append("<tr>" + "".join(f"<th>{escape(name)}</th>" for name in columns) + "</tr>")
    for name, *cells in rows:
        body = "".join(f"<td {right if many else left}>{escape(str(cell))}</td>" for cell in cells)
        lines.append(f"<tr><th {left}>{escape(str(name))}</th>{body}</tr>")
    below = f"<p><i>{escape(footer)}</i></p>" if footer else ""
    return "\n".join([*lines, f"</table>{below}"])
