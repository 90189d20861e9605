"""The summary of a study: one JSON object, and one row for each lesion and policy.

Both hang on the study and on the results alone: on no clock, on no order in which workers finished,
and on no folder. So the same study gives the same bytes however it was computed.
"""

import csv
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ablsim import __version__
from ablsim.cohort.answers import Answer, LesionAnswers, find_answer
from ablsim.cohort.cases import CaseMaker, Job, model_error, typical_model_error
from ablsim.cohort.compare import Comparison
from ablsim.cohort.lesions import Lesion, Population
from ablsim.cohort.outcome import read_stages
from ablsim.cohort.policy_tables import PolicyTable
from ablsim.cohort.statistics import short, spread
from ablsim.cohort.store import Store, write_atomically, written_atomically
from ablsim.cohort.study import Study
from ablsim.units import to_ml, to_mm

SCHEMA = "ablsim/cohort/1"
"""Name and version of the summary's layout."""

FAILURES_SHOWN = 100
"""How many failures the summary lists one by one."""

COLUMNS = (
    "policy", "lesion", "population", "stratum", "tissue", "perfusion",
    "axis_1_mm", "axis_2_mm", "axis_3_mm", "margin_asked_mm",
    "draws", "failed", "missing",
    "ablated_fraction_p05", "ablated_fraction_median", "ablated_fraction_p95",
    "complete_share", "margin_min_mm_median",
    "zone_volume_ml_p05", "zone_volume_ml_median", "zone_volume_ml_p95",
    "energy_j_median", "illuminations_median", "placements_median", "sessions_median",
    "observed_volume_ml", "observed_fraction", "observed_complete",
)  # fmt: skip
"""Columns of the table of lesions."""


@dataclass(frozen=True, slots=True)
class SumUp:
    """What a study came to.

    Parameters
    ----------
    summary : dict
        The JSON object.
    missing : int
        Cases that have neither a result nor a reason why not.
    computing : float
        Time that all distinct cases took together [s].
    """

    summary: dict[str, Any]
    missing: int
    computing: float


def sum_up(study: Study, population: Population, maker: CaseMaker, store: Store) -> SumUp:
    """Read all results of a study, write the table of its lesions and return its summary."""
    comparison = Comparison(study, population)
    tally = _Tally(store)
    with written_atomically(store.lesions_path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for lesion in population.lesions:
            for policy in study.policies:
                entry, counts = _answers(study, lesion, policy, maker, tally)
                comparison.add(entry)
                table.writerow(_row(entry, counts))
    summary = {
        "schema": SCHEMA,
        "study": {"title": study.title, "sha256": study.sha256, "seed": study.seed},
        "cases": maker.count(population),
        "distinct_cases": tally.distinct,
        "done": tally.done,
        "failed": tally.failed,
        "missing": tally.missing,
        "population": _describe(population),
        "policies": [policy.label for policy in study.policies],
        "draws": study.uncertainty.draws,
        "zone": study.physics.reported_zone,
        "complete_from": study.report.complete_from,
        "parameters": study.uncertainty.parameters,
        "model_error_sd_ln_d": short(typical_model_error(study)),
        "spacing_mm": to_mm(study.numerics.edge),
        "classes": comparison.classes(),
        "totals": comparison.totals(),
        "observations": comparison.observations(),
        "agreement": comparison.agreements(),
        "curve": comparison.curve(),
        "failures": tally.failures,
        "provenance": {"ablsim": __version__, "code": maker.code},
    }
    return SumUp(summary, tally.missing, tally.computing)


def write_summary(summary: dict[str, Any], store: Store) -> None:
    """Put the summary into the folder of its study."""
    write_atomically(store.summary_path, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")


class _Tally:
    """Counts cases and collects what failed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = array("Q")
        self.done = self.failed = self.missing = 0
        self.computing = 0.0
        self.failures: list[dict[str, Any]] = []

    @property
    def distinct(self) -> int:
        """How many cases differ."""
        return len(np.unique(np.asarray(self._keys)))

    def read(self, job: Job, whose: dict[str, Any]) -> dict[str, Any] | None:
        """Return the result of a job, if it has one, and count it."""
        self._keys.append(int(job.key[:16], 16))
        record = None if job.reason else self._store.read(job.key)
        if record is not None:
            self.done += 1
            self.computing += float(record["wall_s"])
            return record
        reason = job.reason or self._store.failure(job.key)
        if reason is None:
            self.missing += 1
            return None
        self.failed += 1
        if len(self.failures) < FAILURES_SHOWN:
            command = self._store.command(job.key)
            self.failures.append({**whose, "reason": reason, "command": command})
        return None


def _answers(
    study: Study, lesion: Lesion, policy: PolicyTable, maker: CaseMaker, tally: _Tally
) -> tuple[LesionAnswers, tuple[int, int]]:
    """Return what a policy did to a lesion, and how many draws failed and are missing."""
    before = (tally.failed, tally.missing)
    answers: list[Answer | None] = []
    for draw, job in enumerate(maker.jobs(lesion, policy)):
        whose = {"lesion": lesion.name, "policy": policy.label, "draw": draw + 1}
        record = tally.read(job, whose)
        answers.append(
            None
            if record is None
            else find_answer(
                read_stages(record),
                model_error(study, lesion, draw),
                study.report.complete_from,
                until_complete=policy.until == "complete",
            )
        )
    counts = (tally.failed - before[0], tally.missing - before[1])
    return LesionAnswers(lesion, policy.label, tuple(answers)), counts


def _describe(population: Population) -> dict[str, Any]:
    diameters = [to_mm(lesion.diameter) for lesion in population.lesions]
    return {
        "lesions": len(population.lesions),
        "populations": population.groups,
        "diameter_mm": {
            **(spread(diameters) or {}),
            "mean": short(float(np.mean(diameters))),
            "min": short(min(diameters)),
            "max": short(max(diameters)),
        },
        "notes": list(population.notes),
    }


def _row(entry: LesionAnswers, counts: tuple[int, int]) -> list[object]:
    """Return the row of a lesion in the table."""
    lesion, seen, known = entry.lesion, entry.lesion.observed, entry.known
    axes = [f"{to_mm(axis):g}" for axis in lesion.axes]
    row: list[object] = [
        entry.policy,
        lesion.name,
        lesion.group + 1,
        lesion.stratum,
        lesion.tissue,
        lesion.perfusion_rate or lesion.perfusion,
        *axes,
        f"{to_mm(lesion.margin):g}",
        len(known),
        *counts,
        *_three([answer.fraction for answer in known]),
        _mean([float(answer.is_complete) for answer in known]),
        _three([to_mm(answer.margin_min) for answer in known])[1],
        *_three([to_ml(answer.volume) for answer in known]),
        _three([answer.energy for answer in known])[1],
        _three([float(answer.illuminations) for answer in known])[1],
        _three([float(answer.placements) for answer in known])[1],
        _three([float(answer.sessions) for answer in known])[1],
        "" if seen.volume is None else f"{to_ml(seen.volume):g}",
        "" if seen.fraction is None else f"{seen.fraction:g}",
        "" if seen.complete is None else ("yes" if seen.complete else "no"),
    ]
    return row


def _three(values: Sequence[float]) -> tuple[str, str, str]:
    found = spread(values)
    if found is None:
        return "", "", ""
    return f"{found['p05']:g}", f"{found['median']:g}", f"{found['p95']:g}"


def _mean(values: Sequence[float]) -> str:
    return f"{short(float(np.mean(values))):g}" if values else ""
