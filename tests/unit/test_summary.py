"""The summary as JSON and as text."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Result, Statistics
from ablsim.summary import DISCLAIMER, render, summarise, verdict
from ablsim.zone import TumourCoverage, Zone, Zones

ZONE = Zone(
    volume=15.25e-6,
    axes=(33e-3, 31e-3, 28e-3),
    along=33e-3,
    across=29.5e-3,
    sphericity=0.97,
    pieces=1,
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
    },
    "healthy_ablated_ml": 0.0,
    "boiled_ml": 0.0,
    "charred_ml": 0.0,
    "organs": [],
    "energy_j": dict.fromkeys(
        (
            *("fired", "emitted", "absorbed", "escaped", "stored", "perfusion", "vessels"),
            *("boundary", "latent", "vapour", "moved_by_cap", "balance_error"),
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
        "seed": None,
        "threads": 0,
        "resumed_at_s": None,
        "wall_s": dict.fromkeys(("total", "light", "heat", "output"), 0.0),
    },
    "error": {"grid": None, "light": None, "band": None},
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
    )


def make_summary(tumour=None, zone=ZONE, ledger=None):
    grid = Grid.centred((0, 0, 0), (10e-3,) * 3, 1e-3)
    field = np.zeros(grid.shape, dtype=np.float32)
    result = Result(
        case=SimpleNamespace(
            title="NET metastasis, 30 mm",
            sha256="ab" * 32,
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
        "healthy_ablated_ml",
        "boiled_ml",
        "charred_ml",
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


def test_a_run_without_any_light_can_be_read_too():
    summary = make_summary(make_coverage(0.0, -15e-3, 0.0), Zone(), Ledger())
    assert json.loads(json.dumps(summary, allow_nan=False))["energy_j"]["balance_error"] == 0.0
    text = render(summary)
    assert "nan" not in text.lower()
    assert "-0.0" not in text
