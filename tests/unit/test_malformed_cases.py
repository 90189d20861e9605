"""Malformed case files through the command line: one sentence that says how to put it right.

Each is refused with exit status 2 before anything is computed: the message names key, value, what
is allowed and the remedy; nothing is written, and nobody sees a traceback.
"""

import subprocess
import sys
from typing import NamedTuple

import pytest

from ablsim import cli, simulation
from ablsim.case import Case

CASE = """\
schema = "ablsim/case/1"
title = "Small case"

[domain]
size = "60 mm"
centre = ["0 mm", "0 mm", "0 mm"]

[tissue]
background = "liver"

[tumour]
tissue = "net_metastasis"
diameter = "10 mm"

[[fibre]]
name = "F1"
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]

[protocol]
steps = ["deliver 5 W for 40 s", "rest for 120 s"]

[numerics]
spacing = "2 mm"
"""

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked")

SECOND = """
[[fibre]]
name = "F2"
kind = "bare"
tip = [{}]
direction = [0, 0, -1]

[protocol]"""


class Slip(NamedTuple):
    """What is changed in the case, and the words that the message must hold."""

    name: str
    change: tuple[str, str]
    words: tuple[str, ...]


def step(sentence):
    return '"deliver 5 W for 40 s"', sentence


def second(tip):
    return "\n[protocol]", SECOND.format(tip)


def in_numerics(lines):
    return "[numerics]", f"{lines}\n[numerics]"


STEPS = 'steps = ["deliver 5 W for 40 s", "rest for 120 s"]'
SPACING = 'spacing = "2 mm"'
DIAMETER = 'diameter = "10 mm"'
TIP = 'tip = ["0 mm", "0 mm", "0 mm"]'
DIRECTION = "direction = [0, 0, -1]"
BARE = 'kind = "bare"'
LIVER = 'background = "liver"'
TITLE = 'title = "Small case"'
FIBRE = CASE[CASE.index("[[fibre]]") : CASE.index("[protocol]")]
VESSEL = """[[vessel]]
name = "v"
diameter = "1 mm"
points = [["0 mm", "0 mm", "0 mm"], ["9 mm", "0 mm", "0 mm"]]"""

SLIPS = [
    # quantities
    Slip("wrong unit", (SPACING, 'spacing = "2 W"'), ("numerics.spacing", "is a power", '"1 mm"')),
    Slip("unknown unit", (SPACING, 'spacing = "2 mx"'), ("numerics.spacing", '"mx"', "in mm")),
    Slip("energy for power", step('"deliver 5 J for 40 s"'), ("steps#1", "5 J", "in W", '"5 W"')),
    Slip("bare number", (SPACING, "spacing = 2"), ("numerics.spacing", "number 2", '"2 mm"')),
    Slip("text without unit", (DIAMETER, 'diameter = "10"'), ("tumour.diameter", "no unit", "mm")),
    Slip("comma", (DIAMETER, 'diameter = "10,5 mm"'), ("tumour.diameter", "comma", "point")),
    Slip("unquoted", (SPACING, "spacing = 2 mm"), ("line 25", "spacing = 2 mm", '"1 mm"')),
    Slip("negative", (DIAMETER, 'diameter = "-10 mm"'), ("-10 mm", "more than 0 mm", '"15 mm"')),
    Slip("zero", (SPACING, 'spacing = "0 mm"'), ("0 mm", "0.01 mm to 4 mm", '"1 mm"')),
    Slip("nan", (DIAMETER, 'diameter = "nan mm"'), ("tumour.diameter", "nan mm", "finite")),
    Slip("infinite", step('"deliver inf W for 40 s"'), ("steps#1", "inf W", "finite", '"5 W"')),
    Slip("infinite number", (DIRECTION, "direction = [0, 0, inf]"), ("direction", "inf", "finite")),
    Slip("huge", (DIAMETER, 'diameter = "1e308 km"'), ("tumour.diameter", "1e308 km", "finite")),
    Slip("huge power", step('"deliver 1e9 W for 40 s"'), ("steps#1", "0 W to 100 W", "change")),
    Slip(
        "huge integer",
        (DIRECTION, f"direction = [0, 0, 1{'0' * 400}]"),
        ("fibre#1.direction", "300 digits", "[0, 0, -1]"),
    ),
    Slip(
        "below absolute zero",
        (LIVER, f'{LIVER}\nstart_temperature = "-300 degC"'),
        ("tissue.start_temperature", "-300 degC", "0 degC to 100 degC", '"37 degC"'),
    ),
    Slip("a minus of typographers", (DIAMETER, 'diameter = "\u221210 mm"'), ("diameter", "15 mm")),
    # keys and types
    Slip("unknown key", in_numerics("[physics]\nchair = 1"), ("physics.chair", '"char"')),
    Slip("unknown table", ("[tumour]", "[tumor]"), ("tumor", 'did you mean "tumour"', "allowed")),
    Slip("key elsewhere", (SPACING, 'margin = "1 mm"'), ("numerics.margin", "tumour.margin")),
    Slip("duplicate key", (SPACING, f"{SPACING}\n{SPACING}"), ("line 26", "spacing", "keep one")),
    Slip("duplicate table", in_numerics(f"[tissue]\n{LIVER}"), ("line 24", "tissue", "keep one")),
    Slip("missing table", (f"[tissue]\n{LIVER}", ""), ("tissue: is missing", "write")),
    Slip("missing key", (LIVER, ""), ("tissue.background: is missing", LIVER)),
    Slip("single brackets", ("[[fibre]]", "[fibre]"), ("fibre", "[[fibre]]")),
    Slip("double brackets", ("[tumour]", "[[tumour]]"), ("tumour", "single table", "[tumour]")),
    Slip("other format", ("ablsim/case/1", "ablsim/case/9"), ("schema", '"ablsim/case/1"')),
    Slip("number for text", (TITLE, "title = 7"), ("title: 7 is not a text", "write")),
    Slip("text for list", (TIP, 'tip = "0 mm"'), ("fibre#1.tip", "list of three", '["0 mm"')),
    Slip("two for three", (TIP, 'tip = ["0 mm", "0 mm"]'), ("fibre#1.tip", "list of three")),
    Slip("truth for length", (SPACING, "spacing = true"), ("numerics.spacing", "true", "1 mm")),
    Slip("date for length", (SPACING, "spacing = 2024-01-31"), ("numerics.spacing", "2024-01-31")),
    Slip("text for steps", (STEPS, 'steps = "rest"'), ("protocol.steps: is a list", "deliver")),
    Slip("deep nesting", (TITLE, f"title = {'[' * 3000}{']' * 3000}"), ("nested", "case file")),
    Slip("nesting", (TITLE, f"title = {'[' * 90}{']' * 90}"), ("title", "[[[", "write")),
    Slip("odd quotes", (LIVER, "background = \u201cliver\u201d"), ("line 9", "correct this line")),
    Slip("invisible letter", (LIVER, 'background = "li\u200bver"'), ("\\u200b", "did you mean")),
    # fibres and shapes
    Slip("fibre outside", (TIP, TIP.replace('"0', '"50', 1)), ("fibre#1.tip", "50 mm", "move")),
    Slip("no fibre", (FIBRE, ""), ("there is no fibre", "add", "[[fibre]]")),
    Slip("two in one place", second('"0 mm", "0 mm", "0 mm"'), ("fibre#2.tip", "0 mm", "0.82 mm")),
    Slip("crossing", second('"0.5 mm", "0 mm", "9 mm"'), ("fibre#2.tip", "0.5 mm", "move them")),
    Slip("cells too coarse", second('"4 mm", "0 mm", "0 mm"'), ("2 mm", "at most 1 mm", '"1 mm"')),
    Slip(
        "one name twice",
        ("\n[protocol]", SECOND.format('"9 mm", "0 mm", "0 mm"').replace("F2", "F1")),
        ("fibre", "F1", "use it once"),
    ),
    Slip("no direction", (DIRECTION, "direction = [0, 0, 0]"), ("points nowhere", "[0, 0, -1]")),
    Slip("diffuser without length", (BARE, 'kind = "diffuser"'), ("length: is missing", '"20 mm"')),
    Slip("bare with length", (BARE, f'{BARE}\nlength = "2 cm"'), ("fibre#1.length", "remove it")),
    Slip("wide beam", (BARE, f"{BARE}\nnumerical_aperture = 1.5"), ("1.5", "less than 1.366")),
    Slip("tumour too large", (DIAMETER, 'diameter = "80 mm"'), ("-40 mm to 40 mm", "domain.size")),
    Slip("unknown tissue", ("net_metastasis", "net_metastases"), ("did you mean", "known are")),
    Slip("domain too large", ('"60 mm"', '"500 mm"'), ("domain.size", "500 mm", "at most 400 mm")),
    Slip("too fine for memory", (SPACING, 'spacing = "0.02 mm"'), ("GB", "free", "write", " mm")),
    Slip("vessel too thin", in_numerics(VESSEL), ("vessel#1.diameter", "3 mm to 60 mm", "leave")),
    Slip(
        "override of nothing",
        in_numerics('[tissue.override.liwer]\nabsorption = "0.5 1/cm"'),
        ("tissue.override.liwer", "did you mean 'liver'"),
    ),
    # steps that contradict themselves or the rest
    Slip("no delivery", step('"rest for 10 s"'), ("protocol", "no delivery", "add a step")),
    Slip("zero energy", step('"deliver 5 W until 0 J"'), ("0 J", "more than 0 J", "give more")),
    Slip("energy at 0 W", step('"deliver 0 W until 9 J"'), ("steps#1", "never reached", "power")),
    Slip("no time", step('"deliver 5 W for 0 s"'), ("steps#1", "more than 0 s", "give more")),
    Slip("too long", step('"deliver 5 W for 5 h"'), ("18000 s", "at most 4 h", "shorten")),
    Slip(
        "time and energy",
        step('{ deliver = { power = "5 W", duration = "9 s", energy = "9 J" } }'),
        ("steps#1", "either a duration or an energy", "write"),
    ),
    Slip("unreadable", step('"delliver 5 W for 9 s"'), ("delliver", '"deliver 5 W for 360 s"')),
    Slip("unknown fibre", step('"deliver 5 W for 9 s with F7"'), ("F7", "allowed are F1")),
    Slip("pulled out", step('"deliver 5 W for 9 s", "pull back 40 mm"'), ("40 mm", "shorten")),
    Slip("pulled too far", step('"deliver 5 W for 9 s", "pull back 300 mm"'), ("at most 200 mm",)),
    Slip("empty session", step('"deliver 5 W for 9 s", "new session"'), ("session", "remove")),
    Slip("missing log", step('{ deliver = { log = "log.csv" } }'), ("steps#1", "log.csv", "check")),
]

BYTES = {
    "empty": (b"", ("schema: is missing", "title: is missing", "write for example")),
    "blank": (b" \n\n", ("schema: is missing", "write for example")),
    "not UTF-8": (CASE.replace("Small", "Gr\xf6sse").encode("latin-1"), ("UTF-8", "byte", "save")),
    "UTF-16": (CASE.encode("utf-16"), ("not UTF-8", "save it as UTF-8")),
    "binary": (bytes(range(1, 32)) * 9, ("line 1", "correct this line")),
    "a result": (b"\x89HDF\r\n\x1a\n" + bytes(200), ("not UTF-8", "save")),
    "truncated": (CASE[:300].encode(), ("cannot be read", "correct this line")),
    "cut in a text": (CASE[: CASE.index("for 40 s")].encode(), ("Unterminated", "correct")),
    "a sentence": (b"please treat this tumour", ("line 1", "correct this line")),
    "JSON cut off": (b'{"schema": "ablsim/case/1", ', ("line 1", "cannot be read")),
}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run ``ablsim run case.toml`` here; return what was printed to standard error."""

    def refuse(*_, **__):
        pytest.fail("a simulation was started")

    monkeypatch.setattr(simulation, "simulate", refuse)
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        before = sorted(tmp_path.rglob("*"))
        monkeypatch.setattr(sys, "argv", ["ablsim", "run", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, errors = capsys.readouterr()
        assert ended.value.code == 2
        assert out == ""
        assert "Traceback" not in errors
        assert sorted(tmp_path.rglob("*")) == before
        return errors

    return call


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_a_slip_is_refused_in_one_line_with_the_remedy(slip, tmp_path, run):
    text = CASE.replace(*slip.change, 1)
    assert text != CASE
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    errors = run("case.toml")
    assert errors.startswith("ablsim: case.toml: ")
    assert errors.count("\n") == 1, errors
    assert len(errors) < 500
    for word in slip.words:
        assert word in errors


@pytest.mark.parametrize("name", BYTES)
def test_a_file_that_is_no_case_is_refused(name, tmp_path, run):
    content, words = BYTES[name]
    (tmp_path / "case.toml").write_bytes(content)
    errors = run("case.toml")
    assert errors.startswith("ablsim: case.toml")
    for word in words:
        assert word in errors


def test_what_is_not_there_or_no_file_is_refused(tmp_path, run):
    assert "no such file; check the name" in run("nothing.toml")
    assert "cannot be read (Is a directory); give the name of a case file" in run(str(tmp_path))


def test_several_slips_are_told_at_once_a_line_each(tmp_path, run):
    text = CASE.replace(SPACING, "spacing = 2").replace(DIAMETER, 'diameter = "9 W"')
    (tmp_path / "case.toml").write_text(text.replace("[tissue]", "[tisue]"), encoding="utf-8")
    first, *lines = run("case.toml").splitlines()
    assert first == "ablsim: case.toml has 4 problems:"
    assert [line.split(":")[0].strip() for line in lines] == [
        "tissue",
        "tumour.diameter",
        "numerics.spacing",
        "tisue",
    ]


def test_a_wrong_laser_log_is_refused_with_its_line(tmp_path, run):
    text = CASE.replace(*step('{ deliver = { log = "log.csv" } }'))
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    for log, words in {
        "time,fibre,power\n0,F1,5\n": ("line 2", "5 W", "add the row"),
        "time,fibre,power\n0,F1,500\n9,F1,0\n": ("line 2", "500 W", "0 W to 100 W"),
        "time,fibre\n0,F1\n": ("line 1", "header", "time,fibre,power"),
        "time,fibre,power\n0,F1,five\n": ("line 2", "five", "without the unit"),
        "": ("line 1", "time,fibre,power"),
    }.items():
        (tmp_path / "log.csv").write_text(log, encoding="utf-8")
        errors = run("case.toml")
        for word in ("protocol.steps#1", "log.csv", *words):
            assert word in errors


def test_a_result_that_cannot_be_written_is_refused_before_computing(tmp_path, run):
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "case.vtkhdf").write_bytes(b"an old result")
    assert "exists already; choose another name with -o, or add --force" in run("case.toml")
    assert "write a.vtkhdf" in run("case.toml", "-o", "a.png")
    assert "there is no folder" in run("case.toml", "-o", "nowhere/a.vtkhdf")
    assert (tmp_path / "case.vtkhdf").read_bytes() == b"an old result"


@pytest.mark.parametrize("name", ["bare number", "too fine for memory", "missing log"])
def test_the_same_in_a_process_of_its_own(name, tmp_path):
    slip = next(slip for slip in SLIPS if slip.name == name)
    (tmp_path / "case.toml").write_text(CASE.replace(*slip.change, 1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ablsim", "run", "case.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ablsim: case.toml: ")
    assert done.stderr.count("\n") == 1
    for word in slip.words:
        assert word in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["case.toml"]


def test_the_case_without_a_slip_is_right():
    assert Case.from_text(CASE).title == "Small case"
    assert len(SLIPS) + len(BYTES) >= 45
