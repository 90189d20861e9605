"""Lesions from CSV files: units in the header, every problem with its line and column."""

import time

import pytest

from ablsim.cohort.lesions import Observed
from ablsim.cohort.patients import read_patients
from ablsim.cohort.study_tables import LESIONS_MAX, PopulationTable
from ablsim.errors import CaseError


def table(**keys):
    return PopulationTable(csv="patients.csv", **keys)


def read(folder, text, **keys):
    path = folder / "patients.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_patients(path, table(**keys))


def test_every_column_is_read_with_its_unit(tmp_path):
    text = (
        "id,diameter [cm],tissue,perfusion,stratum,margin [mm],fibres,energy per treatment [kJ],"
        "illuminations,sessions,observed volume [mL],observed fraction [%],observed complete,#age\n"
        'P1,2.5,colorectal_metastasis,hypovascular,"a, b",5,4,7.2,2,3,14.2,87.5,no,63\n'
    )
    (lesion,) = read(tmp_path, text)
    assert lesion.axes == (0.025, 0.025, 0.025)
    assert (lesion.tissue, lesion.perfusion) == ("colorectal_metastasis", "hypovascular")
    assert (lesion.stratum, lesion.margin, lesion.pattern) == ("a, b", 5e-3, "square")
    assert (lesion.energy, lesion.illuminations, lesion.treatments) == (7200.0, 2, 3)
    assert lesion.observed == Observed(pytest.approx(14.2e-6), 0.875, False)


def test_what_is_left_out_is_as_the_population_says(tmp_path):
    text = "id;Axis_1 [mm];axis 2 (mm);AXIS 3 [mm];observed complete\n7;20;15;10;\n\n8;9;8;7;Yes\n"
    one, two = read(tmp_path, text, tissue="liver", perfusion="none", margin="3 mm")
    assert one.axes == (0.020, 0.015, 0.010)
    assert (one.tissue, one.perfusion, one.margin) == ("liver", "none", 3e-3)
    assert (one.observed, two.observed.complete) == (Observed(), True)
    assert (one.pattern, one.energy, one.treatments) == (None, None, None)


def test_a_measured_perfusion_is_kept_with_its_unit(tmp_path):
    (lesion,) = read(tmp_path, "id,diameter [mm],perfusion [mL/min/100g]\nP1,20,86\n")
    assert (lesion.perfusion, lesion.perfusion_rate) == ("normal", "86 mL/min/100g")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("patients.csv: is empty", "id,diameter [mm]")),
        ("id,diameter [mm]\n", ("has a header but no lesions",)),
        ("diameter [mm]\n20\n", ("line 1", '"id" is missing')),
        ("id\nP1\n", ("line 1", '"diameter [mm]"', '"axis 1 [mm]"')),
        ("id,axis 1 [mm],axis 2 [mm]\nP1,2,3\n", ("line 1", '"axis 3 [mm]"')),
        ("id,diameter [mm],axis 1 [mm]\nP1,2,3\n", ("line 1", "alone")),
        ("id,diameter\nP1,20\n", ('"diameter" has no unit', '"diameter [mm]"')),
        ("id,diameter [kg]\nP1,20\n", ("kg is no unit of length", '"diameter [mm]"')),
        ("id,diameter [mx]\nP1,20\n", ("mx is no unit of length",)),
        ("id,diamter [mm]\nP1,20\n", ('did you mean "diameter"',)),
        ("id,diameter [mm],age\nP1,20,3\n", ("age", "known column", "put #")),
        ("id,diameter [mm],fibres [W]\nP1,20,3\n", ('"fibres" has no unit',)),
        ("id,diameter [mm],id\nP1,20,P2\n", ('"id" stands there 2 times',)),
        ("id,diameter [mm],observed mask\nP1,20,m.nii\n", ("not yet: masks", "#observed mask")),
        ("id,diameter [mm],perfusion [W]\nP1,20,3\n", ("perfusion [mL/min/100g]",)),
        ("id,diameter [mm]\nP1,abc\n", ("line 2: diameter [mm]", '"abc" is not a number')),
        ("id,diameter [mm]\nP1,2,5\n", ("line 2", "3 cells where the header has 2")),
        ('id;diameter [mm]\nP1;"2,5"\n', ("line 2", '"2,5" has a comma', "point")),
        ("id,diameter [mm]\nP1,-3\n", ("line 2", "-3 mm", "2 mm to 300 mm")),
        ("id,diameter [mm]\nP1,0\n", ("line 2", "0 mm", "2 mm to 300 mm")),
        ("id,diameter [m]\nP1,20\n", ("line 2", "20 m", "2 mm to 300 mm")),
        ("id,diameter [mm]\nP1,nan\n", ("line 2", "nan", "not a finite number")),
        ("id,diameter [mm]\nP1,inf\n", ("line 2", "inf", "not a finite number")),
        ("id,diameter [mm]\nP1,\n", ("line 2: diameter [mm]: is missing",)),
        ("id,diameter [mm]\n,20\n", ("line 2: id: is missing",)),
        ("id,diameter [mm]\nP1,20\nP2,20\nP1,30\n", ('line 4: id: "P1" stands in line 2 already',)),
        ("id,diameter [mm],tissue\nP1,20,livr\n", ("line 2: tissue", "did you mean")),
        ("id,diameter [mm],perfusion\nP1,20,low\n", ("line 2: perfusion", "hypovascular")),
        ("id,diameter [mm],fibres\nP1,20,5\n", ("line 2: fibres", "1 to 4")),
        ("id,diameter [mm],fibres\nP1,20,2.5\n", ("line 2: fibres", "whole number")),
        ("id,diameter [mm],observed complete\nP1,20,maybe\n", ("line 2", '"yes" nor "no"')),
        ("id,diameter [mm],observed fraction\nP1,20,87\n", ("line 2", "87", "at most 1")),
        ("id,diameter [mm],energy per treatment [J]\nP1,20,1\n", ("line 2", "1 J", "10 J")),
        ("id,axis 1 [mm],axis 2 [mm],axis 3 [mm]\nP1,20,0,20\n", ("line 2: axis 2 [mm]", "0 mm")),
        (b"id,diameter [mm]\nP\xff1,20\n", ("is not UTF-8 text", "save it as UTF-8")),
    ],
)
def test_files_that_are_wrong_are_refused_with_line_column_and_remedy(tmp_path, text, words):
    with pytest.raises(CaseError) as refused:
        read(tmp_path, text)
    message = str(refused.value)
    assert message.startswith("patients.csv")
    assert all(word in message for word in words), message


def test_a_missing_file_is_refused_by_its_key(tmp_path):
    with pytest.raises(CaseError, match=r"population.csv: there is no .*none.csv"):
        read_patients(tmp_path / "none.csv", table())


def test_of_very_many_problems_only_the_first_are_listed(tmp_path):
    rows = "".join(f"P{i},-1\n" for i in range(5000))
    with pytest.raises(CaseError) as refused:
        read(tmp_path, f"id,diameter [mm]\n{rows}")
    message = str(refused.value)
    assert len(message.splitlines()) < 40
    assert "more" in message.splitlines()[-1]


def test_a_million_rows_are_refused_at_once(tmp_path):
    rows = "".join(f"P{i},20\n" for i in range(1_000_000))
    started = time.perf_counter()
    with pytest.raises(CaseError, match=f"more than {LESIONS_MAX} rows"):
        read(tmp_path, f"id,diameter [mm]\n{rows}")
    assert time.perf_counter() - started < 10.0  # about 0.1 s where nothing else runs
