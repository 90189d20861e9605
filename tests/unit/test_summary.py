"""The summary as JSON and as text."""

import copy
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.band_text import band_lines, beside, span, zone_row
from ablsim.grid import Grid
from ablsim.margins import MarginMap
from ablsim.notebook import DISCLAIMER
from ablsim.residual import ResidualPiece
from ablsim.result import Fields, Ledger, Result, Statistics, TipRecord
from ablsim.summary import MARGIN_CLASSES, summarise
from ablsim.summary_text import render, residual_sentence, verdict
from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_kelvin
from ablsim.zone import Zone, Zones

ZONE = Zone(
    volume=15.25e-6,
    axes=(33e-3, 31e-3, 28e-3),
    along=33e-3,
    across=29.5e-3,
    sphericity=0.97,
    pieces=1,
)
PIECES = (
    ResidualPiece(
        0.36e-6, (9e-3, 1e-3, 9e-3), 12.8e-3, "left superior", "right hepatic vein", 3.26e-3
    ),
    ResidualPiece(0.0204e-6, (0.0, -14e-3, 0.0), 14e-3, "anterior"),
)
LAYOUT = {
    "schema": "",
    "case": {"title": "", "sha256": ""},
    "tumour": {
        "diameter_mm": 0.0,
        "volume_ml": 0.0,
        "zone": "",
        "ablated_fraction": 0.0,
        "ablated_fraction_with_margin": 0.0,
        "margin_min_mm": 0.0,
        "margin_mean_mm": 0.0,
        "residual_ml": 0.0,
        "margin_asked_mm": 0.0,
        "margin_reached": 0.0,
        "margin_classes": dict.fromkeys(MARGIN_CLASSES, 0.0),
        "margin_histogram": {"edges_mm": [], "share": []},
        "residual_pieces": [],
    },
    "shrinkage": None,
    "healthy_ablated_ml": 0.0,
    "boiled_ml": 0.0,
    "charred_ml": 0.0,
    "tips": [],
    "organs": [],
    "energy_j": dict.fromkeys(
        (
            *("fired", "emitted", "absorbed", "escaped", "stored", "perfusion", "vessels"),
            *("boundary", "latent", "vapour", "between_sessions", "moved_by_cap", "balance_error"),
        ),
        0.0,
    ),
    "protocol": {
        "fibres": 0,
        "illuminations": 0,
        "placements": 0,
        "sessions": 0,
        "laser_time_s": 0.0,
    },
    "probes": [],
    "numerics": {
        "spacing_mm": 0.0,
        "cells": 0,
        "steps": 0,
        "light_updates": 0,
        "photons": 0,
        "seed": 0,
        "threads": 0,
        "resumed_at_s": None,
        "wall_s": dict.fromkeys(("total", "light", "heat", "output"), 0.0),
    },
    "error": {"grid": None, "likely": 0.0, "light": None, "band": None},
}


def make_coverage(fraction=0.9731, margin=-1.2e-3, with_margin=0.8):
    return TumourCoverage(
        zone="stasis",
        diameter=30e-3,
        volume=14.137e-6,
        ablated_fraction=fraction,
        ablated_fraction_with_margin=with_margin,
        margin_min=margin,
        margin_mean=2e-3,
        residual=(1 - fraction) * 14.137e-6,
        margin_asked=5e-3,
        margin_reached=0.25,
        margin_map=MarginMap(np.zeros((4, 3)), np.ones(4), np.array([margin, 1e-3, 3e-3, 5e-3])),
        residual_pieces=PIECES if fraction < 1.0 else (),
    )


def make_summary(tumour=None, zone=ZONE, ledger=None, perfusion="normal", tips=()):
    grid = Grid.centred((0, 0, 0), (10e-3,) * 3, 1e-3)
    field = np.zeros(grid.shape, dtype=np.float32)
    result = Result(
        case=SimpleNamespace(
            title="NET metastasis, 30 mm",
            sha256="ab" * 32,
            tissue=SimpleNamespace(perfusion=perfusion),
            numerics=SimpleNamespace(seed=1, edge=1e-3, time_step=None, time_stepping="auto"),
            physics=SimpleNamespace(reported_zone="stasis"),
            fibres_all=(1, 2, 3, 4),
            protocol=SimpleNamespace(illuminations=2, placements=1, sessions=1, laser_time=720.0),
        ),
        grid=grid,
        labels=field.astype(np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=Fields(field, field, field, field, field, field),
        ledger=ledger or Ledger(fired=14400.0, emitted=13680.0, stored=13679.0, perfusion=1.0),
        statistics=Statistics(steps=4000, light_updates=144, threads=2, wall_total=33.3),
        provenance={"ablsim": "0.1.0"},
        tips=tips,
    )
    zones = Zones(zone, zone, zone, tumour, 4e-6, 0.5e-6, 0.25e-6)
    return summarise(result, zones)


def assert_same_layout(value, layout):
    if isinstance(layout, dict):
        assert list(value) == list(layout)
        for key in layout:
            assert_same_layout(value[key], layout[key])
    else:
        assert type(value) is type(layout)


def test_the_summary_is_plain_json_with_the_keys_of_the_interface():
    summary = make_summary(make_coverage())
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert list(summary) == [
        "schema",
        "case",
        "zones",
        "tumour",
        "shrinkage",
        "healthy_ablated_ml",
        "boiled_ml",
        "charred_ml",
        "tips",
        "organs",
        "energy_j",
        "protocol",
        "probes",
        "numerics",
        "error",
        "provenance",
    ]
    for key, layout in LAYOUT.items():
        assert_same_layout(summary[key], layout)
    assert summary["schema"] == "ablsim/summary/1"
    assert list(summary["zones"]) == ["stasis", "whitening", "death"]
    assert summary["zones"]["death"] == {
        "volume_ml": pytest.approx(15.25),
        "axes_mm": pytest.approx([33.0, 31.0, 28.0]),
        "along_fibre_mm": pytest.approx(33.0),
        "across_fibre_mm": pytest.approx(29.5),
        "sphericity": 0.97,
        "pieces": 1,
    }


def test_lengths_are_millimetres_volumes_millilitres():
    summary = make_summary(make_coverage())
    assert summary["tumour"]["margin_min_mm"] == pytest.approx(-1.2)
    assert summary["tumour"]["residual_ml"] == pytest.approx(0.0269 * 14.137)
    assert summary["healthy_ablated_ml"] == pytest.approx(4.0)
    assert summary["boiled_ml"] == pytest.approx(0.5)
    assert summary["charred_ml"] == pytest.approx(0.25)
    assert summary["numerics"]["spacing_mm"] == pytest.approx(1.0)
    assert summary["protocol"] == {
        "fibres": 4,
        "illuminations": 2,
        "placements": 1,
        "sessions": 1,
        "laser_time_s": 720.0,
    }


def test_without_a_tumour_its_part_is_null():
    summary = make_summary()
    assert summary["tumour"] is None
    assert "No tumour in this case" in render(summary)


@pytest.mark.parametrize(
    ("fraction", "margin", "with_margin", "sentence"),
    [
        (0.9731, -1.2e-3, 0.8, "Tumour 97.3 % ablated; smallest margin -1.2 mm: not complete."),
        (1.0, 5.2e-3, 1.0, "Tumour 100.0 % ablated; smallest margin +5.2 mm: complete."),
        (
            1.0,
            0.7e-3,
            0.8,
            "Tumour 100.0 % ablated; smallest margin +0.7 mm: "
            "complete, but without the margin asked for.",
        ),
        (0.9996, -0.2e-3, 0.8, "Tumour 100.0 % ablated; smallest margin -0.2 mm: not complete."),
        (0.9993, 0.0, 0.8, "Tumour 99.9 % ablated; smallest margin 0.0 mm: not complete."),
        (1.0, -0.04e-3, 1.0, "Tumour 100.0 % ablated; smallest margin 0.0 mm: complete."),
        (0.0, -15e-3, 0.0, "Tumour 0.0 % ablated; smallest margin -15.0 mm: not complete."),
    ],
)
def test_the_verdict_agrees_with_the_numbers_beside_it(fraction, margin, with_margin, sentence):
    assert verdict(make_summary(make_coverage(fraction, margin, with_margin))) == sentence


def test_the_text_shows_verdict_zones_energy_notes_and_disclaimer():
    text = render(make_summary(make_coverage()), notes=("120 s of cool-down were added.",))
    lines = text.splitlines()
    assert lines[0] == "NET metastasis, 30 mm"
    assert lines[-1] == DISCLAIMER == "Research software. Not for clinical decisions."
    assert "  - 120 s of cool-down were added." in lines
    stasis = next(line for line in lines if line.startswith("stasis*"))
    assert " ".join(stasis.split()[1:]) == "15.25 33.0 x 31.0 x 28.0 33.0 29.5 0.97 1"
    assert any("Energy fired" in line and "14400 J" in line for line in lines)
    assert any("4 fibres, 2 illuminations, 1 placement, 1 session" in line for line in lines)
    assert max(map(len, lines)) <= 100
    header = next(line for line in lines if line.startswith("Zone"))
    assert len(header) == len(stasis)


def test_the_text_says_how_the_margin_is_spread_and_where_the_residual_sits():
    summary = make_summary(make_coverage())
    lines = render(summary).splitlines()
    header = next(line for line in lines if line.startswith("  margin, mm"))
    shares = next(line for line in lines if line.startswith("  of its surface"))
    assert header.split()[2:] == ["<", "0", "0-2", "2-5", "5-10", ">", "10"]
    assert shares.split()[3:] == ["25.0", "%", "25.0", "%", "25.0", "%", "25.0", "%", "0.0", "%"]
    assert len(header) == len(shares)
    assert any("5 mm, reached on 25.0 % of its surface" in line for line in lines)
    assert residual_sentence(summary["tumour"]) == (
        "2 pieces; the largest, 0.36 mL left superior, 13 mm from the centre, "
        "3.3 mm from right hepatic vein; 0.02 mL in the others."
    )
    at = next(i for i, line in enumerate(lines) if line.startswith("  sits"))
    sentence = f"{lines[at].removeprefix('  sits').strip()} {lines[at + 1].strip()}"
    assert sentence == residual_sentence(summary["tumour"])
    assert max(map(len, lines)) <= 100


def test_a_complete_ablation_says_nothing_about_where_residual_sits():
    summary = make_summary(make_coverage(1.0, 5.2e-3, 1.0))
    assert residual_sentence(summary["tumour"]) == ""
    assert "  sits" not in render(summary)


def test_the_histogram_of_the_summary_is_in_whole_millimetres_and_adds_up():
    tumour = make_summary(make_coverage())["tumour"]
    assert tumour["margin_histogram"]["edges_mm"] == [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert sum(tumour["margin_histogram"]["share"]) == pytest.approx(1.0)
    assert list(tumour["margin_classes"].values()) == [0.25, 0.25, 0.25, 0.25, 0.0]
    assert tumour["residual_pieces"][0] == {
        "volume_ml": pytest.approx(0.36),
        "centroid_mm": pytest.approx([9.0, 1.0, 9.0]),
        "from_centre_mm": pytest.approx(12.8),
        "direction": "left superior",
        "vessel": {"name": "right hepatic vein", "distance_mm": pytest.approx(3.26)},
    }
    assert tumour["residual_pieces"][1]["vessel"] is None


HOT = TipRecord("F1", to_kelvin(400.0), at_cap=True, charred=True)
WARM = TipRecord("F2", to_kelvin(151.4), at_cap=False, charred=False)


def test_the_summary_says_how_hot_the_tips_were_and_calls_it_an_estimate():
    summary = make_summary(tips=(HOT, WARM))
    assert summary["tips"] == [
        {"fibre": "F1", "peak_degc": pytest.approx(400.0), "at_cap": True, "charred": True},
        {"fibre": "F2", "peak_degc": pytest.approx(151.4), "at_cap": False, "charred": False},
    ]
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


@pytest.mark.parametrize(
    ("tips", "said"),
    [
        ((HOT,), "F1 above 400 degC, charred"),
        ((HOT, WARM), "F1 above 400 degC, charred; F2 151 degC"),
        ((HOT, WARM, replace(HOT, fibre="F3")), "F1, F3 above 400 degC, charred; F2 151 degC"),
        ((HOT, replace(HOT, fibre="F2")), "above 400 degC, charred (all 2)"),
    ],
)
def test_one_line_tells_the_tips_alike_ones_together_and_none_beyond_the_cap(tips, said):
    lines = render(make_summary(tips=tips)).splitlines()
    (line,) = [line for line in lines if line.startswith("Tips, estimated")]
    assert line.removeprefix("Tips, estimated").strip() == said


@pytest.mark.parametrize("perfusion", ["normal", "occluded"])
def test_living_tissue_gets_no_shrunk_size(perfusion):
    summary = make_summary(perfusion=perfusion)
    assert summary["shrinkage"] is None
    assert "ruler" not in render(summary)


def test_bench_tissue_gets_a_shrunk_size_beside_the_untouched_one():
    summary = make_summary(perfusion="none")
    assert summary["zones"] == make_summary()["zones"]
    shrunk = summary["shrinkage"]
    assert shrunk["zone"] == "whitening"
    assert shrunk["axes_mm"][0] == pytest.approx([33.0 * 0.78, 33.0 * 0.88])
    assert shrunk["along_fibre_mm"] == pytest.approx([33.0 * 0.78, 33.0 * 0.88])
    assert shrunk["across_fibre_mm"] == pytest.approx([29.5 * 0.78, 29.5 * 0.88])
    assert shrunk["volume_ml"] == pytest.approx([15.25 * 0.78**3, 15.25 * 0.88**3])
    text = render(summary)
    assert "25.7-29.0 x 24.2-27.3 x 21.8-24.6 mm, along 25.7-29.0, across 23.0-26.0 mm" in text
    assert "12 to 22 % shorter" in text
    assert max(map(len, text.splitlines())) <= 100
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert "ruler" not in render(make_summary(zone=Zone(), perfusion="none"))


def test_a_summary_stored_before_these_keys_can_still_be_read():
    summary = make_summary(make_coverage(), perfusion="none")
    del summary["shrinkage"], summary["tips"]
    for key in ("margin_asked_mm", "margin_reached", "margin_classes", "margin_histogram"):
        del summary["tumour"][key]
    del summary["tumour"]["residual_pieces"]
    assert "left" in render(summary)


def test_a_run_without_any_light_can_be_read_too():
    summary = make_summary(make_coverage(0.0, -15e-3, 0.0), Zone(), Ledger())
    assert json.loads(json.dumps(summary, allow_nan=False))["energy_j"]["balance_error"] == 0.0
    text = render(summary)
    assert "nan" not in text.lower()
    assert "-0.0" not in text


# the band -----------------------------------------------------------------------------------------

ZONE_BAND = {
    "volume_ml": [7.2, 14.9, 31.0],
    "axes_mm": [[26.0, 33.0, 41.0], [25.0, 31.0, 39.0], [22.0, 28.0, 35.0]],
    "along_fibre_mm": [26.0, 33.0, 41.0],
    "across_fibre_mm": [24.0, 29.5, 37.0],
}
TUMOUR_BAND = {
    "ablated_fraction": [0.714, 0.97, 1.0],
    "ablated_fraction_with_margin": [0.5, 0.8, 0.96],
    "margin_min_mm": [-4.2, -1.2, 1.04],
    "margin_mean_mm": [-0.04, 2.0, 4.1],
    "residual_ml": [0.0, 0.4, 4.04],
}
BAND = {
    "level": [0.05, 0.5, 0.95],
    "zones": dict.fromkeys(("stasis", "whitening", "death"), ZONE_BAND),
    "tumour": TUMOUR_BAND,
    "healthy_ablated_ml": [1.2, 4.0, 11.6],
    "parameters_only": {
        "zones": {"stasis": {**ZONE_BAND, "volume_ml": [10.0, 15.0, 22.0]}},
        "tumour": {**TUMOUR_BAND, "ablated_fraction": [0.9, 0.97, 1.0]},
        "healthy_ablated_ml": [2.0, 4.0, 7.0],
    },
    "shares": {
        "zone": "stasis",
        "volume": {"perfusion of liver": 0.61, "stasis threshold": 0.38, "scattering": 0.01},
        "ablated_fraction": {
            "perfusion of liver": 0.2,
            "stasis threshold": 0.8,
            "scattering": None,
        },
        "together": 0.0,
    },
    "varied": [
        {"name": "perfusion of liver", "spread": "factor 1.28 up or down", "source": "Hasgall2022"},
        {"name": "stasis threshold", "spread": "SD 0.89 K", "source": "published sets"},
        {"name": "scattering", "spread": "factor 1.42 up or down", "source": "library"},
    ],
    "model_error_sd_ln_d": 0.15,
    "runs": 13,
    "spacing_mm": 2.0,
    "vanished": {},
}


def with_band(tumour=True):
    summary = make_summary(make_coverage() if tumour else None)
    band = copy.deepcopy(BAND)
    if not tumour:
        band["tumour"] = band["parameters_only"]["tumour"] = None
        band["shares"]["ablated_fraction"] = dict.fromkeys(band["shares"]["volume"])
    summary["error"]["band"] = band
    return summary


def test_each_number_has_its_band_beside_it():
    text = render(with_band())
    lines = text.splitlines()
    assert "  ablated               97.3 % (71-100 %)" in lines
    assert "  with its margin       80.0 % (50-96 %)" in lines
    assert "  left                  0.38 mL (0.00-4.04)" in lines
    margin = "smallest -1.2 mm (-4.2 to +1.0), mean +2.0 mm (+0.0 to +4.1)"
    assert f"  margin                {margin}" in lines
    assert "Healthy tissue ablated  4.00 mL (1.2-11.6)" in lines
    assert "How sure" not in text
    assert max(map(len, lines)) <= 100


def test_the_band_of_a_zone_stands_below_it_in_the_same_columns():
    lines = render(with_band()).splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("stasis*"))
    zone, band = lines[number], lines[number + 1]
    intervals = ["7.2-31.0", "26-41", "x", "25-39", "x", "22-35", "26-41", "24-37"]
    assert band.split() == ["5-95", "%", *intervals]
    for one, other in (("15.25", "7.2-31.0"), ("28.0", "22-35"), ("29.5", "24-37")):
        assert zone.index(one) + len(one) == band.index(other) + len(other)


def test_what_it_hangs_on_is_a_table_in_falling_order():
    lines = band_lines(BAND)
    assert " ".join(lines[0].split()) == "What it hangs on stasis zone tumour ablated varied by"
    assert lines[1].split()[:7] == ["perfusion", "of", "liver", "61", "%", "20", "%"]
    assert lines[3].split()[:5] == ["scattering", "<", "3", "%", "-"]
    text = " ".join(lines)
    assert "error of the model itself of 15 % in diameter" in text
    assert "a stasis zone of 10.0-22.0 mL and 90-100 % of the tumour" in text
    assert "13 more runs on cells of 2 mm" in text
    assert "threshold, and its band" not in text
    assert max(map(len, lines)) <= 100


def test_a_case_without_tumour_speaks_of_its_zones_alone():
    text = render(with_band(tumour=False))
    assert "tumour ablated" not in text
    assert "of the tumour" not in text
    assert "Healthy tissue ablated  4.00 mL (1.2-11.6)" in text


def test_a_zone_that_vanishes_in_some_runs_is_spoken_of():
    text = " ".join(band_lines({**BAND, "vanished": {"whitening": 2}}))
    assert "In 2 of them no whitening zone is left" in text
    assert "close to its threshold" in text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((0.0, 1.0, 2.34), "0.00-2.34"),
        ((8.76, 20.0, 42.5), "8.8-42.5"),
        ((51.0, 90.0, 130.2), "51-130"),
    ],
)
def test_intervals_have_the_decimals_that_tell(interval, text):
    assert span(interval) == text


def test_without_a_band_nothing_stands_beside():
    assert beside(None, "residual_ml") == ""
    assert "5-95 %" in zone_row(BAND, "stasis")
    assert "5-95 %" not in render(make_summary(make_coverage()))
    assert "How sure" in render(make_summary(make_coverage()))


def test_the_accuracy_of_the_cells_is_said_unless_it_was_measured():
    summary = make_summary(make_coverage())
    assert 0.0 < summary["error"]["likely"] < 0.1
    said = f"volume by less than {100 * summary['error']['likely']:.1f} %"
    assert said in render(summary)
    summary["error"]["likely"] = None
    assert "no like case tells; --certify measures it" in render(summary)
    del summary["error"]["likely"]  # stored before there was any
    assert "--certify" not in render(summary)
