"""A page of sections, and the one HTML file that it becomes."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ablsim import __version__
from ablsim.cohort.store import written_atomically
from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER

_NUMBERS = "0123456789+-\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; columns of numbers are set to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    kind: str = "table"

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether all its cells begin like numbers."""
        columns = zip(*self.rows, strict=True)
        return tuple(all(cell[:1] in _NUMBERS for cell in column) for column in columns)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, inside the page."""

    png: bytes
    caption: str
    kind: str = "picture"

    @property
    def address(self) -> str:
        """The picture as the address of itself."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True, slots=True)
class Scene:
    """A page of its own that is framed, and the picture that stands for it in print."""

    page: str
    still: Picture
    kind: str = "scene"


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, or with ``listed`` the entries of a list; ``plain`` is set as typewritten.

    ``folded`` is the heading under which they are hidden until the reader opens it.
    """

    lines: Sequence[str]
    listed: bool = False
    plain: bool = False
    folded: str = ""
    kind: str = "text"


Block = Table | Picture | Scene | Text


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page.

    Parameters
    ----------
    title : str
        What it is about.
    lead : sequence of str
        The first sentences: what came out.
    sections : sequence of Section
        In their order; those without blocks are left out.
    source : str
        What it was made from.
    """

    title: str
    lead: Sequence[str]
    sections: Sequence[Section]
    source: str = ""


def render(page: Page) -> str:
    """Return a page as HTML that needs nothing beside it."""
    import jinja2

    template = files("ablsim.report").joinpath("template.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sections = [section for section in page.sections if section.blocks]
    return environment.from_string(template).render(
        page=page, sections=sections, disclaimer=DISCLAIMER, version=__version__
    )


def write_page(page: Page, path: str | Path) -> None:
    """Write a page to a file, whole or not at all.

    Raises
    ------
    ResultError
        If it cannot be written.
    """
    text = render(page)
    try:
        with written_atomically(Path(path)) as stream:
            stream.write(text)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        msg = f"cannot write the page {path}: {reason}"
        raise ResultError(msg) from error
