"""Where nothing boils, volumes of zones converge with the order of the method."""

import pytest

from ablsim.case import Case
from ablsim.certificate import certify

CASE = """
schema = "ablsim/case/1"
title = "A diffuser below boiling"
[tissue]
background = "liver"
perfusion = "{perfusion}"
[[fibre]]
kind = "diffuser"
length = "{length} mm"
tip = ["0 mm", "0 mm", "-{half} mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver {power} W for 600 s", "rest for 120 s"]
[numerics]
light = "diffusion"
spacing = "1 mm"
"""


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("perfusion", "length", "power"), [("normal", 24, 5), ("none", 12, 3), ("none", 24, 5)]
)
def test_zones_converge_with_the_square_of_the_spacing(perfusion, length, power):
    case = Case.from_text(
        CASE.format(perfusion=perfusion, length=length, half=length // 2, power=power)
    )
    found = certify(case)
    assert found.zones[0].boiled == 0.0
    for process in ("stasis", "whitening", "death"):
        error = found.error_of(lambda zones, process=process: zones[process].volume)
        assert error.value > 1e-6
        assert 1.5 <= error.order <= 2.5
        assert error.relative < 0.08
