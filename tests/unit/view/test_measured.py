"""The picture of a validation holds every number that can be drawn, and survives what cannot."""

import math

import pytest
from matplotlib.figure import Figure

from ablsim.validation import Quantity, read_rows
from ablsim.validation.report import Line
from ablsim.view import measured

ROWS = {row.id: row for row in read_rows()}


@pytest.fixture
def figures(monkeypatch):
    """Every figure that is drawn."""
    made = []

    class Kept(Figure):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(measured, "Figure", Kept)
    return made


def line(name, quantity, predicted, *, error=0.0, **options):
    return Line(
        ROWS[name], quantity.name, "within", quantity, predicted=predicted, error=error, **options
    )


def test_lengths_and_temperatures_have_panels_of_their_own(tmp_path, figures):
    size = Quantity("short axis", 16.0, 1.0, "mm", "two-sided")
    most = Quantity("volume", 8.0, None, "mL", "maximum")
    warm = Quantity("temperature at 5 mm", 43.0, None, "degC", "two-sided")
    lines = [
        line("sheep_4W", size, 12.0, error=math.log(0.75), limits=(13.6, 18.4), band=(9.0, 15.0)),
        line("heis97_bare", most, 1.0, error=math.log(0.5), limits=(None, 12.0)),
        line("li20_myocardium", warm, 50.0, error=7.0, limits=(36.0, 50.0)),
        Line(ROWS["pacella06"], "", "not simulated"),
        line("bosman91", size, 0.0, error=-math.inf),
    ]
    path = tmp_path / "picture.png"
    assert measured.draw_measured(lines, path, settings="On cells of 1 mm.")
    assert path.read_bytes().startswith(b"\x89PNG")
    (figure,) = figures
    sizes, temperatures = figure.axes
    shown = [label.get_text() for label in sizes.get_yticklabels()]
    assert shown == ["sheep_4W  short axis", "heis97_bare  volume"]
    dots = [one.get_xdata()[0] for one in sizes.lines if one.get_marker() == "o"]
    assert dots == pytest.approx([0.75, 0.5])  # per length
    (dot,) = [one.get_xdata()[0] for one in temperatures.lines if one.get_marker() == "o"]
    assert dot == 7.0
    texts = [text.get_text() for text in (*sizes.texts, *temperatures.texts)]
    assert "at most 8 mL  →  1.00 mL" in texts
    assert "43 °C  →  50.0 °C" in texts


def test_nothing_to_draw_makes_no_picture(tmp_path):
    path = tmp_path / "picture.png"
    lines = [Line(ROWS["pacella06"], "", "not simulated")]
    assert not measured.draw_measured(lines, path, settings="On cells of 1 mm.")
    assert not path.exists()
