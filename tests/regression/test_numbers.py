"""Numbers of whole runs that must not move unseen."""

import tomllib
from pathlib import Path

import pytest

import ablsim
from ablsim.summary import summarise

HERE = Path(__file__).parent
NUMBERS = HERE / "numbers.toml"
TOLERANCE = 2e-3
QUICK = HERE.parents[1] / "examples" / "quick.toml"
COARSE = {"spacing": "2 mm"}


def compute():
    """The figures of the quick example, and of the coarse patient with vein and pull-back."""
    figures = {}
    patient = ablsim.Case.from_toml(QUICK.with_name("patient.toml")).resolved()
    patient["numerics"]["spacing"] = "2 mm"
    for name, case in (
        ("quick", ablsim.Case.from_toml(QUICK)),
        ("patient_2mm", ablsim.Case.from_dict(patient)),
    ):
        result = ablsim.simulate(case)
        summary = summarise(result, ablsim.measure_zones(result))
        energy = summary["energy_j"]
        figures[name] = {
            "stasis_ml": summary["zones"]["stasis"]["volume_ml"],
            "whitening_ml": summary["zones"]["whitening"]["volume_ml"],
            "death_ml": summary["zones"]["death"]["volume_ml"],
            "stasis_along_mm": summary["zones"]["stasis"]["along_fibre_mm"],
            "stasis_across_mm": summary["zones"]["stasis"]["across_fibre_mm"],
            "ablated_fraction": summary["tumour"]["ablated_fraction"],
            "ablated_fraction_with_margin": summary["tumour"]["ablated_fraction_with_margin"],
            "margin_mean_mm": summary["tumour"]["margin_mean_mm"],
            "boiled_ml": summary["boiled_ml"],
            "perfusion_j": energy["perfusion"],
            "latent_j": energy["latent"],
            "stored_j": energy["stored"],
        }
    return figures


@pytest.fixture(scope="module")
def figures():
    return compute()


def test_numbers_have_not_moved(figures, request):
    if request.config.getoption("--update"):
        head = [line for line in NUMBERS.read_text(encoding="utf-8").splitlines() if "#" in line]
        lines = list(head)
        for name, values in figures.items():
            lines += ["", f"[{name}]", *(f"{key} = {value:.6g}" for key, value in values.items())]
        NUMBERS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stored = tomllib.loads(NUMBERS.read_text(encoding="utf-8"))
    assert set(stored) == set(figures)
    for name, values in figures.items():
        assert values == pytest.approx(stored[name], rel=TOLERANCE, abs=1e-3), name
