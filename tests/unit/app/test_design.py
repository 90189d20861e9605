import pytest

from ablsim.app.design import CELLS, FINE, OWN, REMARK, Design
from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.units import to_mm


def test_a_design_is_the_case_that_it_says():
    design = Design(diameter=24.0, pattern="line", spacing=12.0, power=4.0, energy=900.0,
                    illuminations=3, pull_back=8.0, vessel=6.0, gap=4.0)  # fmt: skip
    case = design.case(FINE, whole=True)
    assert to_mm(case.tumour.axes[0]) == pytest.approx(24.0)
    first, second = (fibre.tip for fibre in case.fibres_all)
    assert to_mm(abs(second[0] - first[0]) + abs(second[1] - first[1])) == pytest.approx(12.0)
    assert to_mm(first[2]) == pytest.approx(-8.0)  # the middle of three lies in the middle
    assert case.protocol.illuminations == 3
    assert case.protocol.laser_time == pytest.approx(3 * 900.0 / 4.0)
    (vein,) = case.vessels
    assert to_mm(vein.points[0][0]) == pytest.approx(12.0 + 4.0 + 3.0)


@pytest.mark.parametrize("together", [True, False])
def test_firing_together_takes_as_long_as_one(together):
    design = Design(pattern="triangle", energy=600.0, together=together)
    assert design.case(FINE, whole=True).protocol.laser_time == (120.0 if together else 360.0)


def test_the_coarse_picture_has_few_cells_and_about_a_dozen_moments():
    small, large = Design(), Design(diameter=120.0, illuminations=6)
    assert to_mm(small.coarse_case().numerics.edge) == 2.0
    case = large.coarse_case()
    assert to_mm(case.numerics.edge) == 2.5
    nz, ny, nx = case.grid().shape
    assert nz * ny * nx < 2 * CELLS
    assert 8 <= case.protocol.duration / case.numerics.output_interval <= 16


def test_what_the_page_saves_puts_the_sliders_back():
    design = Design(diameter=18.0, tissue="hcc", perfusion="embolised", margin=3.0, energy=750.0)
    text = design.to_text()
    assert Case.from_text(text) == design.case(FINE, whole=True)
    assert Design.from_text(text, "saved.toml") == design


def test_a_saved_file_that_somebody_changed_says_what_stands_in_it():
    text = Design().to_text().replace('"30 mm"', '"31 mm"', 1)
    assert text != Design().to_text()
    found = Design.from_text(text, "changed.toml")
    assert found.pattern == OWN
    assert found.diameter == 31.0
    assert found.case(FINE, whole=True) == Case.from_text(text)


@pytest.mark.parametrize("remark", ["nonsense", '{"colour": 1}', '{"pattern": "star"}', "[1]"])
def test_a_remark_that_makes_no_sense_does_not_matter(remark):
    body = Design().to_text().partition("\n")[2]
    assert Design.from_text(f"{REMARK}{remark}\n{body}", "x.toml").pattern == OWN


def other_case():
    table = Design(diameter=20.0, vessel=6.0).tables(FINE, whole=True)
    table["tumour"] |= {"shape": "ellipsoid", "axes": ["30 mm", "20 mm", "20 mm"]}
    del table["tumour"]["diameter"]
    table["fibre"] = table["fibre"][:1]
    return Case.from_dict(table)


def test_any_case_keeps_its_tumour_vessels_and_fibres():
    case = other_case()
    design = Design.of_case(case)
    assert design.case(FINE, whole=True).tumour == case.tumour
    assert design.case(FINE, whole=True).fibres_all == case.fibres_all
    assert design.coarse_case().numerics.photons <= 3000
    assert Design.from_text(design.to_text(), "again.toml").pattern == OWN


def test_another_pattern_can_be_laid_into_a_loaded_tumour():
    case = other_case()
    laid = Design.of_case(case).changed(pattern="triangle", perfusion="embolised")
    found = laid.case(FINE, whole=True)
    assert len(found.fibres_all) == 3
    assert found.tumour.perfusion == "embolised"
    assert found.tumour.axes == case.tumour.axes
    assert found.vessels == case.vessels
    assert laid.patient().tumour.perfusion == "embolised"


def test_a_case_without_a_tumour_shows_its_own_fibres_only():
    table = other_case().resolved()
    del table["tumour"]
    for key in ("size", "centre"):
        del table["domain"][key]
    design = Design.of_case(Case.from_dict(table))
    assert design.case(2.0, whole=False).tumour is None
    with pytest.raises(CaseError, match="no tumour"):
        design.changed(pattern="single").case(2.0, whole=False)


def test_a_case_whose_cells_are_to_be_chosen_is_shown_on_coarse_ones_and_saved_as_it_is():
    table = Design(diameter=120.0, illuminations=6).tables(FINE, whole=True)
    table["numerics"] |= {"spacing": "auto", "accuracy": 0.05}
    case = Case.from_dict(table)
    design = Design.of_case(case)
    assert to_mm(design.coarse_case().numerics.edge) == 2.5
    assert Case.from_text(design.to_text()).numerics.spacing is None


def test_what_cannot_be_is_refused():
    with pytest.raises(CaseError, match="no case is loaded"):
        Design(pattern=OWN).case(FINE, whole=True)
    with pytest.raises(CaseError, match="allowed are single, line"):
        Design(pattern="star").case(FINE, whole=True)
    with pytest.raises(CaseError, match=r"x\.toml"):
        Design.from_text("schema = 1", "x.toml")
    with pytest.raises(CaseError, match="at most"):
        Design.from_text(" " * 20_000_001, "long.toml")
