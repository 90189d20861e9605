"""Plans, studies and validations as one page: what the terminal says, with their pictures."""

from collections.abc import Sequence
from pathlib import Path

from ablsim.notebook import DISCLAIMER
from ablsim.report.limits import LIMITS
from ablsim.report.page import Block, Page, Picture, Section, Text, write_page


def write_text_page(
    html_path: str | Path,
    text: str,
    *,
    heading: str,
    pictures: Sequence[tuple[Path, str]],
    source: str,
) -> None:
    """Write a text with pictures as one HTML file.

    Parameters
    ----------
    html_path : str or Path
        Where the page goes; an existing file is replaced.
    text : str
        As it is printed: its first line is the title of the page, the rest is set as it stands.
    heading : str
        Of the text.
    pictures : sequence of (Path, str)
        PNG files and what they show; those that are not there are left out.
    source : str
        What the page was made from.

    Raises
    ------
    ResultError
        If the page cannot be written.
    """
    title, _, rest = text.strip().partition("\n")
    body = rest.replace(DISCLAIMER, "").strip("\n")
    drawn: list[Block] = [
        Picture(path.read_bytes(), caption) for path, caption in pictures if path.is_file()
    ]
    sections = (
        Section("Pictures", drawn),
        Section(heading, [Text(body.splitlines(), plain=True)]),
        Section("What the model leaves out", [Text(LIMITS, listed=True)]),
    )
    write_page(Page(title.strip(), (), sections, source), html_path)
