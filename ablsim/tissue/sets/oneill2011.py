"""Death of heated liver cells by way of a vulnerable state, after O'Neill and others (2011)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.processes import ThreeStateDeath
from ablsim.tissue.properties import ASSUMED, Sourced

_KEY = "ONeill2011"
_FOUND = "found in a public code that follows the paper, of which the abstract was read"
_NO_SPREAD = "none could be read in the source"

THREE_STATE = ThreeStateDeath(
    name="three_state",
    title="three-state cell death (O'Neill 2011)",
    forward=Sourced(
        3.33e-3,
        "1/s",
        _KEY,
        low=1.5e-3,
        high=7e-3,
        how="measured",
        no_spread=_NO_SPREAD,
        note=f"co-culture of liver cells and lung fibroblasts; {_FOUND}",
    ),
    scale=Sourced(
        40.5,
        "K",
        _KEY,
        low=35.0,
        high=45.0,
        how="measured",
        no_spread=_NO_SPREAD,
        note="the rate grows with exp(T/40.5 degC): slowly for a rate of thermal damage",
    ),
    backward=Sourced(
        7.77e-3,
        "1/s",
        _KEY,
        low=3.5e-3,
        high=1.6e-2,
        how="measured",
        no_spread=_NO_SPREAD,
        note=_FOUND,
    ),
    alive=Sourced(
        0.99,
        "1",
        ASSUMED,
        low=0.98,
        high=0.999,
        how="remembered",
        spread_kind="range",
        note="the rest is vulnerable: without any nothing would ever start",
        related=(_KEY,),
    ),
    dead=Sourced(
        0.8,
        "1",
        _KEY,
        low=0.7,
        high=0.9,
        how="measured",
        no_spread=_NO_SPREAD,
        note="above it the remaining cells die later without further heat",
    ),
    gate=DAMAGE_GATE,
    endpoint="at most a fifth of the cells is viable, and these die within two days",
)
