"""One file: escaped, complete, and without anything that is fetched from elsewhere."""

import re

import pytest

from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.report.page import Page, Picture, Scene, Section, Table, Text, render, write_page
from ablsim.report.text_page import write_text_page

PNG = b"\x89PNG not really"
STILL = Picture(PNG, "The zone")


def page(*blocks):
    return render(Page("A <b> title", ("first & last",), (Section("Part", blocks),), "case.toml"))


def test_what_is_written_is_shown_as_it_is():
    text = page(Text(["a < b"]), Table(["x<y"], [["<script>"]]), Text(["<i>"], plain=True))
    assert "A &lt;b&gt; title" in text
    assert "first &amp; last" in text
    assert "a &lt; b" in text
    assert "&lt;script&gt;" in text
    assert "<pre>&lt;i&gt;</pre>" in text


def test_it_says_what_it_is_not_for_and_what_it_came_from():
    text = page(Text(["x"]))
    assert text.count(DISCLAIMER) == 2
    assert "from case.toml" in text


def test_columns_of_numbers_are_set_to_the_right():
    rows = [["a", "1.2", "1 to 2"], ["b", "\N{MINUS SIGN}3", "none"]]
    table = Table(["name", "mL", "range"], rows)
    assert table.numeric == (False, True, False)
    assert page(table).count('class="number"') == 3  # the heading and two cells


def test_nothing_is_fetched_from_elsewhere():
    text = page(STILL, Scene("<p>turn me</p>", STILL))
    assert 'srcdoc="&lt;p&gt;turn me&lt;/p&gt;"' in text
    assert re.findall(r'(?:src|href)="(?!data:|#)', text) == []
    assert "default-src 'none'" in text


def test_sections_without_anything_are_left_out():
    text = render(Page("t", (), (Section("Empty", ()), Section("Full", (Text(["x"]),)))))
    assert "Empty" not in text
    assert '<a href="#s1">Full</a>' in text


def test_long_lists_are_folded():
    text = page(Text(["one", "two"], listed=True, folded="Numbers"))
    assert "<details><summary>Numbers</summary>" in text
    assert text.count("<li>") == 2


def test_a_page_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match=r"cannot write the page .*file.page\.html: "):
        write_page(Page("t", (), ()), tmp_path / "file" / "page.html")


def test_what_the_terminal_says_becomes_a_page_with_its_pictures(tmp_path):
    (tmp_path / "plan.png").write_bytes(PNG)
    pictures = [(tmp_path / "plan.png", "The plan"), (tmp_path / "none.png", "Missing")]
    text = f"35 mm <tumour>\n\n4 fibres\n\n{DISCLAIMER}\n"
    write_text_page(
        tmp_path / "plan.html", text, heading="Plan", pictures=pictures, source="plan.toml"
    )
    found = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "<h1>35 mm &lt;tumour&gt;</h1>" in found
    assert "<pre>4 fibres</pre>" in found
    assert "The plan" in found
    assert "Missing" not in found
    assert "What the model leaves out" in found
