"""Dried and charred tissue, whatever it was before: composed defaults of ablsim, all assumed."""

from ablsim.tissue.properties import ASSUMED, OpticalState, Sourced

CONDUCTIVITY_DRY = Sourced(
    0.20,
    "W/(m K)",
    ASSUMED,
    low=0.10,
    high=0.30,
    how="assumed",
    spread_kind="range",
    note="of the order of dry organic matter with gas in its pores",
)

CHARRED = OpticalState(
    absorption=Sourced(
        50.0,
        "1/cm",
        ASSUMED,
        low=10.0,
        high=200.0,
        how="assumed",
        spread_kind="range",
        note="charred tissue in bulk; the film on a fibre tip is far denser (Amzayyb2010)",
        related=("Amzayyb2010",),
    ),
    reduced_scattering=Sourced(
        20.0,
        "1/cm",
        ASSUMED,
        low=5.0,
        high=50.0,
        how="assumed",
        spread_kind="range",
    ),
    anisotropy=Sourced(
        0.0,
        "1",
        ASSUMED,
        low=0.0,
        high=0.9,
        how="assumed",
        no_spread="only reduced scattering is stated, so any value with it is a convention",
        note="isotropic",
    ),
)
