"""Lesion by lesion: what was predicted beside what was observed, and how well they agree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ablsim.cohort.answers import LesionAnswers
from ablsim.cohort.statistics import agreement, rate, short, spread
from ablsim.units import to_ml

Interval = tuple[float, float]


@dataclass(slots=True)
class Pairs:
    """Pairs of what was predicted, medians over the draws, and what was observed."""

    fractions: list[Interval] = field(default_factory=list)
    volumes: list[Interval] = field(default_factory=list)
    energies: list[float] = field(default_factory=list)
    within: list[int] = field(default_factory=lambda: [0, 0])
    volumes_within: list[int] = field(default_factory=lambda: [0, 0])
    calls: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def has_any(self) -> bool:
        """Whether anything was observed."""
        return bool(self.fractions or self.volumes or self.calls)

    def add(self, entry: LesionAnswers) -> None:
        """Count one lesion."""
        seen, known = entry.lesion.observed, entry.known
        if not known:
            return
        if seen.fraction is not None:
            fractions = [answer.fraction for answer in known]
            self.fractions.append((float(np.median(fractions)), seen.fraction))
            self._count(self.within, fractions, seen.fraction)
        if seen.volume is not None:
            volumes = [to_ml(answer.volume) for answer in known]
            self.volumes.append((float(np.median(volumes)), to_ml(seen.volume)))
            self.energies.append(float(np.median([answer.energy for answer in known])))
            self._count(self.volumes_within, volumes, to_ml(seen.volume))
        if seen.complete is not None:
            share = sum(answer.is_complete for answer in known) / len(known)
            self.calls.append((share, seen.complete))

    def describe(self) -> dict[str, Any]:
        """Return how predictions agree with observations."""
        described: dict[str, Any] = {
            "fraction": _agree(self.fractions, self.within),
            "volume_ml": _agree(self.volumes, self.volumes_within),
            "ln_volume": None,
            "observed_energy_per_volume_j_per_ml": None,
            "complete": None,
        }
        positive = [(p, o) for p, o in self.volumes if p > 0.0 and o > 0.0]
        if positive:
            described["ln_volume"] = _agree([(np.log(p), np.log(o)) for p, o in positive])
            described["observed_energy_per_volume_j_per_ml"] = spread(
                [e / o for e, (_, o) in zip(self.energies, self.volumes, strict=True) if o > 0.0]
            )
        if self.calls:
            squares = [(share - seen) ** 2 for share, seen in self.calls]
            described["complete"] = {
                "n": len(self.calls),
                "predicted": short(float(np.mean([share for share, _ in self.calls]))),
                "observed": short(float(np.mean([seen for _, seen in self.calls]))),
                "brier_score": short(float(np.mean(squares))),
            }
        return described

    @staticmethod
    def _count(within: list[int], values: Sequence[float], seen: float) -> None:
        low, high = np.quantile(values, [0.05, 0.95])
        within[0] += bool(low - 1e-12 <= seen <= high + 1e-12)
        within[1] += 1


def _agree(pairs: Sequence[Interval], within: list[int] | None = None) -> dict[str, Any] | None:
    found = agreement([p for p, _ in pairs], [o for _, o in pairs])
    if found is None:
        return None
    return found if within is None else {**found, "within_p05_to_p95": rate(*within)}
