"""What a run takes of the memory is what a case is refused for."""

import pytest

from ablsim.benchmarks.bench_case import run_anew, write_case
from ablsim.case import Case
from ablsim.case_memory import BYTES_PER_CELL

pytestmark = pytest.mark.compiled


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("light", ["monte_carlo", "diffusion"])
def test_a_run_takes_no_more_memory_than_is_reckoned_with(precision, light):
    case = Case.from_text(write_case(size=45, edge=0.5, on=2, off=20)).replace(
        {
            "numerics.precision": precision,
            "numerics.light": light,
            "numerics.time_stepping": "rkl2",  # takes the most
        }
    )
    measured = run_anew(case.to_toml())["memory"]
    assert 0.6 * BYTES_PER_CELL[precision] < measured < BYTES_PER_CELL[precision]
