"""A 30 mm metastasis beside a vein: is it complete, and where does it fall short?"""

from pathlib import Path

import ablsim

HERE = Path(__file__).parent


def main(case_file: str = "patient.toml") -> dict[str, float]:
    """Simulate, measure, and return the numbers that decide."""
    result = ablsim.simulate(ablsim.Case.from_toml(HERE / case_file))
    tumour = ablsim.measure_zones(result).tumour
    return {
        "ablated_fraction": tumour.ablated_fraction,
        "ablated_fraction_with_margin": tumour.ablated_fraction_with_margin,
        "margin_min_mm": 1e3 * tumour.margin_min,
        "residual_ml": 1e6 * tumour.residual,
        "balance_error": result.ledger.balance_error,
    }


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:>30} {value:.4g}")
