"""Absorption of the haemoglobin of whole blood, with and without oxygen, after Prahl (1998).

From the molar extinction e of that compilation for blood with 150 g/L of haemoglobin of 64500
g/mol: 2.303 e 150/64500. The table ends at 1000 nm and a second compilation at 1042 nm; 1064 nm is
carried on from there. Nothing was read at 1470 nm, where the water of blood leaves it no weight.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ablsim.tissue.properties import ASSUMED, Sourced

KEY = "Prahl1998"


def _read(nanometres: int, value: float, kind: str) -> Sourced:
    """Return the absorption at one wavelength."""
    extrapolated = nanometres > 1042
    error = 0.2 if extrapolated else 0.1
    where = "carried on from 1000-1042 nm, good to 20 %" if extrapolated else "range assumed"
    return Sourced(
        value,
        "1/cm",
        KEY,
        low=round((1.0 - error) * value, 6),
        high=round((1.0 + error) * value, 6),
        how="derived",
        spread_kind="range",
        note=f"haemoglobin of blood, 150 g/L, {kind}, at {nanometres} nm; {where}",
    )


def _table(values: Mapping[int, float], kind: str, at_1470: float) -> Mapping[int, Sourced]:
    """Return the absorption by wavelength."""
    table = {nanometres: _read(nanometres, value, kind) for nanometres, value in values.items()}
    table[1470] = Sourced(
        0.0,
        "1/cm",
        ASSUMED,
        low=0.0,
        high=at_1470,
        how="assumed",
        no_spread="a few per cent of the absorption of water there",
        note=f"haemoglobin, {kind}, at 1470 nm: nothing read, left out beside water",
    )
    return MappingProxyType(table)


OXYGENATED: Mapping[int, Sourced] = _table(
    {810: 4.63, 830: 5.22, 850: 5.67, 940: 6.50, 980: 6.04, 1064: 3.5}, "oxygenated", 3.0
)
"""Absorption coefficient of fully oxygenated haemoglobin in blood, by wavelength in nanometres."""

DEOXYGENATED: Mapping[int, Sourced] = _table(
    {810: 3.84, 830: 3.71, 850: 3.70, 940: 3.71, 980: 1.93, 1064: 0.5}, "deoxygenated", 2.0
)
"""Absorption coefficient of haemoglobin without oxygen in blood, by wavelength in nanometres."""
