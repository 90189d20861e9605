"""Light of other wavelengths: composed absorption, power laws of scattering, and who is refused."""

from dataclasses import replace

import pytest

from ablsim.errors import CaseError
from ablsim.tissue.library import get_scattering, get_tissue, list_tissues
from ablsim.tissue.properties import Composition
from ablsim.tissue.sets.ablsim_composition import COMPOSITIONS
from ablsim.tissue.wavelength import (
    NANOMETRES,
    REFERENCE,
    absorption_spectra,
    at_wavelength,
    compose_absorption,
    describe_wavelength,
    get_composition,
    has_composition,
    to_nanometres,
)

LASERS = (810, 830, 850, 940, 980, 1064, 1470)


def composed(name, nanometres):
    """Absorption [1/cm] of a tissue as its composition gives it."""
    water = get_tissue(name).thermal.water_fraction.si
    return compose_absorption(get_composition(name), water, nanometres * 1e-9) / 100.0


def test_the_wavelengths_of_the_spectra_are_those_of_clinical_lasers():
    assert NANOMETRES == LASERS


@pytest.mark.parametrize(
    ("name", "per_cm"),
    [
        ("liver", (0.62, 0.67, 0.72, 0.90, 1.00, 0.50)),
        ("liver_exvivo", (0.27, 0.29, 0.31, 0.45, 0.61, 0.29)),
        ("colorectal_metastasis", (0.28, 0.30, 0.33, 0.47, 0.65, 0.28)),
        ("net_metastasis", (0.72, 0.78, 0.83, 1.04, 1.13, 0.54)),
    ],
)
def test_compositions_give_the_absorption_they_were_made_for(name, per_cm):
    """Worked out apart from this code, to two digits; at 1470 nm water leaves the rest no say."""
    found = [composed(name, nanometres) for nanometres in LASERS]
    assert found[:6] == pytest.approx(per_cm, abs=0.0051)
    water = get_tissue(name).thermal.water_fraction.si
    assert found[6] == pytest.approx(27.1 * water, rel=5e-3)


def test_absorption_is_the_sum_of_what_each_part_absorbs():
    """Liver at 980 nm by hand: 0.12 (0.7 6.04 + 0.3 1.93) + 0.72 0.473 + 0.05 0.01417 + 0.08."""
    by_hand = 0.12 * (0.7 * 6.04 + 0.3 * 1.93) + 0.72 * 0.473 + 0.05 * 0.01417 + 0.08
    assert composed("liver", 980) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(
    "name", ["liver", "liver_exvivo", "colorectal_metastasis", "net_metastasis"]
)
def test_lasers_rank_as_water_and_blood_rank_them(name):
    """1064 < 810-850 < 940 ~ 980 << 1470 nm; with little blood 810 and 1064 nm are alike."""
    mu = {nanometres: composed(name, nanometres) for nanometres in LASERS}
    if name in {"liver", "net_metastasis"}:
        assert mu[1064] < 0.85 * mu[810]
    else:
        assert mu[1064] == pytest.approx(mu[810], rel=0.1)
    assert max(mu[1064], mu[810]) < mu[830] < mu[850] < mu[940] < mu[980] < 1.5 * mu[940]
    assert mu[1470] > 15.0 * mu[980]


@pytest.mark.parametrize("name", sorted(COMPOSITIONS))
def test_composed_absorption_at_1064_nm_is_near_what_the_library_ships(name):
    shipped = get_tissue(name).optical.native.absorption
    assert composed(name, 1064) * 100.0 == pytest.approx(shipped.si, rel=0.10)


@pytest.mark.parametrize("name", list_tissues())
def test_at_1064_nm_every_tissue_is_the_one_of_the_library(name):
    tissue = get_tissue(name)
    assert at_wavelength(tissue, REFERENCE) is tissue


def test_scattering_is_drawn_through_its_value_at_1064_nm():
    """Default liver: 5.3, 5.1, 5.0, 4.5, 4.3, 4.0 and 2.9 per cm."""
    liver = get_tissue("liver")
    optics = [at_wavelength(liver, nanometres * 1e-9).optical for nanometres in LASERS]
    found = [each.native.reduced_scattering.si / 100.0 for each in optics]
    assert found == pytest.approx((5.3, 5.1, 5.0, 4.5, 4.3, 4.0, 2.9), abs=0.051)


@pytest.mark.parametrize("name", sorted(COMPOSITIONS))
@pytest.mark.parametrize("nanometres", LASERS)
def test_coagulation_multiplies_as_it_does_at_1064_nm(name, nanometres):
    here = get_tissue(name).optical
    there = at_wavelength(get_tissue(name), nanometres * 1e-9).optical
    for key in ("absorption", "reduced_scattering"):
        ratio = getattr(here.coagulated, key).si / getattr(here.native, key).si
        moved = getattr(there.coagulated, key).si / getattr(there.native, key).si
        assert moved == pytest.approx(ratio, rel=1e-3)
    assert (there.coagulated is there.native) == (here.coagulated is here.native)
    assert there.charred is here.charred
    assert there.native.anisotropy is here.native.anisotropy


def test_composed_numbers_keep_relative_range_and_spread_and_are_called_assumed():
    here = get_tissue("liver").optical.native
    there = at_wavelength(get_tissue("liver"), 980e-9).optical.native
    for key in ("absorption", "reduced_scattering"):
        before, after = getattr(here, key), getattr(there, key)
        assert after.low / after.value == pytest.approx(before.low / before.value, rel=1e-3)
        assert after.high / after.value == pytest.approx(before.high / before.value, rel=1e-3)
        assert (after.spread, after.spread_kind) == (before.spread, before.spread_kind)
        assert after.how == after.source == "assumed"
        assert "980 nm" in after.note
        assert after.related


def test_only_the_refractive_index_of_liver_is_known_to_disperse():
    """Fit of Giannios 2016: 1.3704 at 810 nm, 1.3628 at 1470 nm."""
    for nanometres, index in ((810, 1.370), (980, 1.367), (1470, 1.363)):
        liver = at_wavelength(get_tissue("liver"), nanometres * 1e-9).optical
        assert liver.refractive_index.si == pytest.approx(index)
    metastasis = get_tissue("net_metastasis")
    moved = at_wavelength(metastasis, 810e-9).optical
    assert moved.refractive_index is metastasis.optical.refractive_index


def test_a_published_law_of_scattering_holds_at_every_wavelength():
    law = get_scattering("scatter_parsa")
    here = at_wavelength(get_tissue("liver"), REFERENCE, scattering=law).optical
    assert here.native.reduced_scattering.si == pytest.approx(565.0, abs=0.5)
    assert here.native.reduced_scattering.source == "Jacques2013"
    assert here.coagulated.reduced_scattering.si == pytest.approx(3.75 * 565.0, rel=1e-3)
    assert here.native.absorption is get_tissue("liver").optical.native.absorption
    there = at_wavelength(get_tissue("liver"), 1470e-9, scattering=law).optical
    assert there.native.reduced_scattering.si == pytest.approx(463.0, abs=0.5)


def test_another_composition_changes_the_absorption_at_1064_nm_too():
    liver = get_tissue("liver")
    twice = replace(
        liver.optical.native.absorption, value=0.24, unit="1", low=0.0, high=1.0, spread=0.4
    )
    bloody = replace(get_composition("liver"), blood_fraction=twice)
    tissue = at_wavelength(liver, REFERENCE, composition=bloody)
    extra = 0.12 * (0.7 * 3.5 + 0.3 * 0.5)
    expected = 0.4984 + extra
    assert tissue.optical.native.absorption.si / 100.0 == pytest.approx(expected, abs=1e-3)
    assert tissue.composition is bloody
    assert isinstance(tissue.composition, Composition)


@pytest.mark.parametrize("nanometres", [532, 809, 900, 1000, 1320, 2000])
def test_a_wavelength_between_the_spectra_is_refused_with_those_that_are_known(nanometres):
    with pytest.raises(CaseError, match=f'{nanometres} nm is not known.*1470 nm only; write "?'):
        to_nanometres(nanometres * 1e-9)


def test_a_laser_half_a_nanometre_off_is_the_one_that_is_meant():
    assert to_nanometres(980.4e-9) == 980


@pytest.mark.parametrize("name", ["hcc", "muscle", "diaphragm"])
def test_a_tissue_of_unknown_composition_stays_at_1064_nm(name):
    assert not has_composition(name)
    with pytest.raises(CaseError, match=f"what {name} is made of is not known; known are liver"):
        at_wavelength(get_tissue(name), 980e-9)


def test_spectra_are_named_by_what_absorbs_and_where():
    spectra = absorption_spectra(980e-9)
    assert {number.source for number in spectra.values()} == {
        "Prahl1998",
        "Kedenburg2012",
        "VanVeen2004",
    }
    assert spectra["absorption of water at 980 nm"].si == pytest.approx(47.3)
    assert absorption_spectra(1470e-9)["absorption of fat at 1470 nm"].source == "assumed"


def test_what_is_assumed_of_a_wavelength_is_said():
    liver = [at_wavelength(get_tissue("liver"), 980e-9)]
    assert describe_wavelength(REFERENCE, [get_tissue("liver")]) == ()
    (sentence,) = describe_wavelength(980e-9, liver)
    assert "980 nm" in sentence
    dark = [at_wavelength(get_tissue("liver"), 1470e-9)]
    assert "diffusion theory does not hold" in describe_wavelength(1470e-9, dark)[1]
