"""What published lesions leave of the uncertainty: joint draws of the parameters, as shipped.

``ablsim calibrate`` infers them (`ablsim.calibration`) and ``ablsim/data/posterior.json`` holds
them. They are draws of coordinates of factors (`ablsim.uncertainty.factors`), so a factor that
means something else in a case, or that no published lesion bears on, keeps its prior there. The
defaults of cases do not move with them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.uncertainty.factors import Factor

SCHEMA = "ablsim/posterior/1"
"""Name and version of the layout."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Posterior:
    """Joint draws of parameters and of the error of the model.

    Parameters
    ----------
    names : tuple of str
        Names of the factors.
    meanings : tuple of mapping
        What a coordinate of each means: ``shape``, ``middle``, ``sd``, ``log_spread``, ``unit``.
    coordinates : ndarray of float64, shape (n_draws, n_factors)
        Draws of their coordinates.
    model_error : ndarray of float64, shape (n_draws,)
        The SD of ln(equivalent diameter) of the model that goes with each.
    provenance : mapping
        The rows, the runs, the sampler, seeds, versions: everything to repeat it.
    """

    names: tuple[str, ...]
    meanings: tuple[Mapping[str, Any], ...]
    coordinates: FloatArray
    model_error: FloatArray
    provenance: Mapping[str, Any]

    def column(self, factor: Factor) -> int | None:
        """Return where a case's factor is among the draws; None if it is not, or not the same."""
        if factor.name not in self.names:
            return None
        at = self.names.index(factor.name)
        own = Factor(factor.name, "", "", write=_nowhere, **self.meanings[at])
        return at if own.is_same(factor) else None


def make_posterior(
    factors: Sequence[Factor],
    coordinates: FloatArray,
    model_error: FloatArray,
    provenance: Mapping[str, Any],
) -> Posterior:
    """Return the record of draws of these factors' coordinates."""
    return Posterior(
        tuple(factor.name for factor in factors),
        tuple(_meaning(factor) for factor in factors),
        coordinates,
        model_error,
        provenance,
    )


@cache
def shipped_posterior() -> Posterior:
    """Return the posterior that belongs to this version of ablsim."""
    text = files("ablsim").joinpath("data", "posterior.json").read_text(encoding="utf-8")
    return _from_text(text, "ablsim/data/posterior.json")


def read_posterior(path: str | Path) -> Posterior:
    """Return the posterior of a file that `ablsim calibrate --posterior` wrote.

    Raises
    ------
    CaseError
        If the file cannot be read or is something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); give what ablsim calibrate --posterior wrote"
        raise CaseError(msg) from None
    return _from_text(text, str(path))


def write_posterior(posterior: Posterior, path: str | Path) -> None:
    """Write a posterior as JSON, one draw a line; only a complete file gets the name."""
    head = {
        "schema": SCHEMA,
        "about": "Joint draws of the uncertain parameters' coordinates and of the SD of "
        "ln(diameter) of the model itself, inferred from published lesions by ablsim calibrate. "
        "Research software. Not for clinical decisions.",
        "provenance": dict(posterior.provenance),
        "parameters": [
            {"name": name, **meaning}
            for name, meaning in zip(posterior.names, posterior.meanings, strict=True)
        ],
    }
    rows = np.column_stack([posterior.coordinates, posterior.model_error])
    draws = ",\n".join("[" + ",".join(f"{value:.4g}" for value in row) + "]" for row in rows)
    text = json.dumps(head, indent=1)[:-2] + f',\n "draws": [\n{draws}\n]}}\n'
    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _from_text(text: str, source: str) -> Posterior:
    try:
        table = json.loads(text)
        if table["schema"] != SCHEMA:
            msg = f"{source}: is {table['schema']}, not {SCHEMA}; run ablsim calibrate anew"
            raise CaseError(msg)
        entries = [dict(entry) for entry in table["parameters"]]
        names = tuple(str(entry.pop("name")) for entry in entries)
        draws = np.array(table["draws"], dtype=np.float64)
        if draws.ndim != 2 or draws.shape[1] != len(names) + 1 or not np.isfinite(draws).all():
            msg = f"{source}: is damaged; write it anew with ablsim calibrate --posterior"
            raise CaseError(msg)
        return Posterior(names, tuple(entries), draws[:, :-1], draws[:, -1], table["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, CaseError):
            raise
        msg = f"{source}: is no posterior of ablsim ({error})"
        raise CaseError(msg) from None


def _meaning(factor: Factor) -> dict[str, Any]:
    return {key: getattr(factor, key) for key in ("shape", "middle", "sd", "log_spread", "unit")}


def _nowhere(table: dict[str, Any], value: float) -> None:
    """Write nothing: a stored factor belongs to no case."""
