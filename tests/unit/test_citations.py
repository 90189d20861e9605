"""References as text and as BibTeX, complete and known by key."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pybtex.database import parse_string

import ablsim.citations
from ablsim.citations import cite, list_keys
from ablsim.errors import CaseError

PACKAGE = Path(ablsim.citations.__file__).parent
KEY = re.compile(r"\b[A-Z][a-z]+(?:19|20)\d\d\b")


def test_text_holds_author_title_and_year_behind_the_key():
    line = cite(["Jacques2013"])
    assert line.startswith("[Jacques2013] Steven L. Jacques. Optical properties of biological")
    assert "58" in line
    assert "2013" in line
    assert "\n" not in line


def test_text_shows_what_of_a_source_was_not_read():
    assert "Abstract read" in cite(["Germer1998"])


def test_letters_beyond_ascii_survive():
    assert "Klingenböck" in cite(["Hasgall2022"])
    assert "Pruß" in cite(["Wagner2002"])


def test_bibtex_reads_back_to_the_same_entries():
    entries = parse_string(cite(["Reddy2013", "Brown1992"], form="bibtex"), "bibtex").entries
    assert list(entries) == ["Brown1992", "Reddy2013"]
    assert entries["Brown1992"].fields["pages"] == "501--514"
    assert str(entries["Brown1992"].persons["author"][0]) == "Brown, S. L."


@pytest.mark.parametrize("form", ["text", "bibtex"])
def test_each_reference_comes_once_and_in_order_of_its_key(form):
    once = cite(["Hasgall2022", "Brown1992"], form=form)
    assert once == cite(["Brown1992", "Hasgall2022", "Brown1992"], form=form)
    assert once.index("Brown1992") < once.index("Hasgall2022")


def test_no_keys_give_no_references():
    assert cite([]) == ""


def test_an_unknown_key_is_answered_with_one_that_comes_close():
    with pytest.raises(CaseError, match=r"unknown reference 'Hasgal2022'.*'Hasgall2022'"):
        cite(["Reddy2013", "Hasgal2022"])


def test_keys_are_looked_up_as_they_are_written():
    with pytest.raises(CaseError, match="'hasgall2022'"):
        cite(["hasgall2022"])


@pytest.mark.parametrize("key", list_keys())
def test_every_entry_has_a_title_and_says_how_much_of_it_was_read(key):
    entry = parse_string(cite([key], form="bibtex"), "bibtex").entries[key]
    assert entry.fields["title"]
    assert entry.fields["note"]
    has_origin = entry.persons.get("author") and entry.fields.get("year")
    assert has_origin or "not shown" in entry.fields["note"]
    year = re.search(r"\d{4}$", key)
    assert year is None or entry.fields["year"] == year.group()
    assert key in cite([key])


def test_every_key_named_in_the_code_exists():
    for path in PACKAGE.rglob("*.py"):
        named = set(KEY.findall(path.read_text(encoding="utf-8")))
        assert named <= set(list_keys()), f"{path.name}: {named - set(list_keys())}"


def test_the_bibliography_is_read_only_when_it_is_asked_for():
    code = "import sys, ablsim.citations; print('pybtex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
