"""The summary of a result: one JSON object."""

from typing import Any

from ablsim.likely_error import likely_error
from ablsim.residual import ResidualPiece
from ablsim.result import Result, TipRecord
from ablsim.shrinkage import LINEAR_SHRINKAGE, MEASURED_ZONE, shrink
from ablsim.summary_objects import organ_entries, probe_entries
from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_celsius, to_ml, to_mm
from ablsim.zone import PROCESSES, Zone, Zones

SCHEMA = "ablsim/summary/1"
"""Name and version of the summary's layout."""

MARGIN_CLASSES = ("below_0_mm", "0_to_2_mm", "2_to_5_mm", "5_to_10_mm", "above_10_mm")
"""Keys of the shares of the tumour's surface by margin."""

_SINKS = (
    "escaped",
    "stored",
    "perfusion",
    "vessels",
    "boundary",
    "latent",
    "vapour",
    "between_sessions",
)


def summarise(result: Result, zones: Zones) -> dict[str, Any]:
    """Return the summary of a result as the JSON object ``ablsim/summary/1``.

    Lengths are in mm, volumes in mL, energies in J, times in s; keys carry their unit. What a run
    without organs, probes, photons or error estimates has not is empty, 0 or null.
    ``shrinkage`` is there only for tissue without any perfusion, that is on the bench;
    ``error.likely`` is by what share cells and steps may have moved the reported zone's volume,
    ``error.band`` is filled in by `ablsim.band.summarise_band` and ``error.grid`` by
    `ablsim.certificate.Certificate.summarise`, where they were asked for.

    Parameters
    ----------
    result : Result
        What `simulate` or `load` returned.
    zones : Zones
        What `measure_zones` returned for it.

    Returns
    -------
    dict
        Plain numbers, texts, lists and dictionaries, as `ablsim show --json` prints them.
    """
    case, ledger, statistics = result.case, result.ledger, result.statistics
    protocol = case.protocol
    energy = {
        name: float(getattr(ledger, name))
        for name in ("fired", "emitted", "absorbed", *_SINKS, "moved_by_cap", "balance_error")
    }
    return {
        "schema": SCHEMA,
        "case": {"title": case.title, "sha256": case.sha256},
        "zones": {name: _zone(zones[name]) for name in PROCESSES},
        "tumour": None if zones.tumour is None else _tumour(zones.tumour),
        "shrinkage": _shrinkage(zones) if case.tissue.perfusion == "none" else None,
        "healthy_ablated_ml": to_ml(zones.healthy_ablated),
        "boiled_ml": to_ml(zones.boiled),
        "charred_ml": to_ml(zones.charred),
        "tips": [_tip(tip) for tip in result.tips],
        "organs": organ_entries(result),
        "energy_j": energy,
        "protocol": {
            "fibres": len(case.fibres_all),
            "illuminations": protocol.illuminations,
            "placements": protocol.placements,
            "sessions": protocol.sessions,
            "laser_time_s": float(protocol.laser_time),
        },
        "probes": probe_entries(result),
        "numerics": {
            "spacing_mm": to_mm(result.grid.spacing),
            "cells": result.grid.n_cells,
            "steps": statistics.steps,
            "light_updates": statistics.light_updates,
            "photons": statistics.photons,
            "seed": case.numerics.seed,
            "threads": statistics.threads,
            "resumed_at_s": statistics.resumed_at,
            "wall_s": {
                "total": statistics.wall_total,
                "light": statistics.wall_light,
                "heat": statistics.wall_heat,
                "output": statistics.wall_output,
            },
        },
        "error": {
            "grid": None,
            "likely": likely_error(case.numerics, zones[case.physics.reported_zone].volume),
            "light": statistics.light_noise or None,
            "band": None,
        },
        "provenance": dict(result.provenance),
    }


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "volume_ml": to_ml(zone.volume),
        "axes_mm": [to_mm(length) for length in zone.axes],
        "along_fibre_mm": to_mm(zone.along),
        "across_fibre_mm": to_mm(zone.across),
        "sphericity": zone.sphericity,
        "pieces": zone.pieces,
    }


def _tumour(tumour: TumourCoverage) -> dict[str, Any]:
    edges, shares = tumour.margin_map.histogram()
    return {
        "diameter_mm": to_mm(tumour.diameter),
        "volume_ml": to_ml(tumour.volume),
        "zone": tumour.zone,
        "ablated_fraction": tumour.ablated_fraction,
        "ablated_fraction_with_margin": tumour.ablated_fraction_with_margin,
        "margin_min_mm": to_mm(tumour.margin_min),
        "margin_mean_mm": to_mm(tumour.margin_mean),
        "residual_ml": to_ml(tumour.residual),
        "margin_asked_mm": to_mm(tumour.margin_asked),
        "margin_reached": tumour.margin_reached,
        "margin_classes": dict(zip(MARGIN_CLASSES, tumour.margin_map.class_shares(), strict=True)),
        "margin_histogram": {
            "edges_mm": [float(edge) for edge in to_mm(edges).round(9)],
            "share": [float(share) for share in shares],
        },
        "residual_pieces": [_piece(piece) for piece in tumour.residual_pieces],
    }


def _tip(tip: TipRecord) -> dict[str, Any]:
    return {
        "fibre": tip.fibre,
        "peak_degc": to_celsius(tip.peak),
        "at_cap": tip.at_cap,
        "charred": tip.charred,
    }


def _piece(piece: ResidualPiece) -> dict[str, Any]:
    vessel = None
    if piece.vessel is not None and piece.vessel_distance is not None:
        vessel = {"name": piece.vessel, "distance_mm": to_mm(piece.vessel_distance)}
    return {
        "volume_ml": to_ml(piece.volume),
        "centroid_mm": [to_mm(part) for part in piece.centroid],
        "from_centre_mm": to_mm(piece.distance),
        "direction": piece.direction,
        "vessel": vessel,
    }


def _shrinkage(zones: Zones) -> dict[str, Any]:
    """Return the ruler's reading of the pale zone as ranges, least first."""
    size = shrink(zones[MEASURED_ZONE])
    return {
        "zone": MEASURED_ZONE,
        "linear": list(LINEAR_SHRINKAGE),
        "axes_mm": [[to_mm(length) for length in axis] for axis in size.axes],
        "along_fibre_mm": [to_mm(length) for length in size.along],
        "across_fibre_mm": [to_mm(length) for length in size.across],
        "volume_ml": [to_ml(volume) for volume in size.volume],
    }
