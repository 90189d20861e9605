"""What the heat solver needs to know of a cell: its code, and one row of numbers per code."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.domain import Domain
from ablsim.grid import Grid
from ablsim.heat.perfusion import perfusion_coefficient, perfusion_of
from ablsim.heat.vessels import lumen_conductivity
from ablsim.tissue.boiling import water_curve
from ablsim.tissue.constants import BOILING_TEMPERATURE, LATENT_HEAT
from ablsim.tissue.properties import Tissue

N_COLUMNS = 10
"""Columns of the table: heat capacity wet, dry [J/(m^3 K)]; latent heat of all water [J/m^3];
conductivity at body temperature, dry [W/(m K)]; gain by heating [1], rise where it starts [K],
one over its span [1/K]; perfusion coefficient [W/(m^3 K)]; 1 where perfusion can rise."""


@dataclass(frozen=True, slots=True)
class Medium:
    """Heat properties of a domain.

    Parameters
    ----------
    grid : Grid
        The cells.
    code : ndarray of uint8, shape (nz, ny, nx)
        Row of ``table`` that holds for the cell.
    table : ndarray of float64, shape (n_codes, 10)
        Properties, columns as in ``N_COLUMNS``.
    held : ndarray of bool, shape (n_codes,)
        Codes whose temperature is held at that of the blood: lumens of flowing vessels.
    still : ndarray of uint8, shape (n_codes,)
        Code that a cell takes when the vessel it belongs to closes: that of unperfused blood. All
        codes that cannot change stand for themselves.
    boiling_rise : float
        Boiling point above the base temperature [K] at which water leaves for good; infinite where
        it does not.
    water_curve : ndarray of float64, shape (n, 2), or None
        Rise [K] and share of the water left, for laws of boiling that know nothing else
        (`ablsim.heat.evaporation`).
    """

    grid: Grid
    code: NDArray[np.uint8]
    table: NDArray[np.float64]
    held: NDArray[np.bool_]
    still: NDArray[np.uint8]
    boiling_rise: float
    water_curve: NDArray[np.float64] | None = None

    @property
    def hot_rise(self) -> float:
        """Rise from which tissue belongs to the hot zone, that takes heat from above the cap [K].

        The boiling point, or where half of the water has left.
        """
        if self.water_curve is None:
            return self.boiling_rise
        rise, left = self.water_curve.T
        return float(np.interp(-0.5, -left, rise))

    @property
    def first_change(self) -> float:
        """Rise below which neither conductivity nor water changes [K]."""
        loss = np.inf if self.water_curve is None else float(self.water_curve[0, 0])
        return min(float(self.table[:, 6].min()), self.boiling_rise, loss)

    @property
    def conductivity_max(self) -> NDArray[np.float64]:
        """Largest conductivity that each code can reach [W/(m K)]."""
        wet = self.table[:, 3] * np.maximum(1.0, 1.0 + self.table[:, 5])
        return np.asarray(np.maximum(wet, self.table[:, 4]))


def tissue_row(
    tissue: Tissue, perfusion: float, base_temperature: float, *, is_tumour: bool, blood: Tissue
) -> NDArray[np.float64]:
    """Return the table row of a tissue perfused at ``perfusion`` [1/s].

    Hyperaemia, where the law of perfusion knows it, is one of normal tissue (He 2011).
    """
    thermal = tissue.thermal
    density = thermal.density.si
    start = thermal.gain_start.si
    row = np.empty(N_COLUMNS)
    row[0] = density * thermal.specific_heat.si
    row[1] = thermal.heat_capacity_dry.si
    row[2] = density * thermal.water_fraction.si * LATENT_HEAT.si
    row[3] = thermal.conductivity.si
    row[4] = thermal.conductivity_dry.si
    row[5] = thermal.conductivity_gain.si
    row[6] = start - base_temperature
    row[7] = 1.0 / (thermal.gain_end.si - start)
    row[8] = perfusion_coefficient(perfusion, blood)
    row[9] = 0.0 if is_tumour else 1.0
    return row


def _lumen_row(conductivity: float, like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the row of a lumen: blood, but with the conductivity that stands for the film."""
    row = like.copy()
    row[3:5] = conductivity
    row[5] = 0.0
    row[8] = 0.0
    return row


def make_medium(case: Case, domain: Domain) -> Medium:
    """Return the heat properties of ``domain`` as ``case`` asks for them.

    Flowing vessels get a code each, whose conductivity stands for the film between blood and wall
    (`ablsim.heat.vessels`); where flow is occluded or absent they are ordinary, unperfused blood.
    """
    base = case.tissue.body_temperature
    rows = [
        tissue_row(
            tissue,
            perfusion_of(case, domain, label),
            base,
            is_tumour=label == domain.tumour_label,
            blood=case.tissue.find("blood"),
        )
        for label, tissue in enumerate(domain.tissues)
    ]
    code = domain.labels.copy()
    held = [False] * len(rows)
    still = list(range(len(rows)))
    if case.tissue.perfusion == "normal":
        for number, wall_area in enumerate(domain.wall_area, start=1):
            lumen = domain.lumen == number
            if not lumen.any():
                continue
            label = int(domain.labels[lumen][0])
            rows.append(_lumen_row(lumen_conductivity(lumen, wall_area, domain.grid), rows[label]))
            held.append(True)
            still.append(label if case.vessels[number - 1].wall == "occludes" else len(rows) - 1)
            code[lumen] = len(rows) - 1
    boils = case.physics.boiling == "water_state"
    curve = water_curve(case.physics.boiling)
    return Medium(
        grid=domain.grid,
        code=code,
        table=np.array(rows),
        held=np.array(held),
        still=np.array(still, dtype=np.uint8),
        boiling_rise=BOILING_TEMPERATURE.si - base if boils else np.inf,
        water_curve=None if curve is None else curve - (base, 0.0),
    )
