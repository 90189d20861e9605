"""One small result with everything that a report can show."""

import pytest

from ablsim.case import Case
from ablsim.storage import Recorder
from ablsim.summary import summarise
from ablsim.zone import measure_zones

CASE = """
schema = "ablsim/case/1"
title = "Report <&> test"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "sphere"
diameter = "16 mm"
margin = "5 mm"
[[vessel]]
name = "vein"
diameter = "5 mm"
points = [["9 mm", "-40 mm", "0 mm"], ["9 mm", "40 mm", "0 mm"]]
[[organ]]
name = "gallbladder"
tissue = "bile"
shape = "sphere"
diameter = "16 mm"
centre = ["-20 mm", "0 mm", "0 mm"]
no_go = { peak_temperature = "60 degC", damage = 0.5 }
[[probe]]
name = "T1"
position = ["0 mm", "8 mm", "0 mm"]
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "-2 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W until 900 J", "rest for 120 s"]
[numerics]
spacing = "2 mm"
photons = 2000
"""


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """Return where the result is."""
    from ablsim.domain import make_domain
    from ablsim.simulation import simulate

    path = tmp_path_factory.mktemp("report") / "result.vtkhdf"
    case = Case.from_text(CASE)
    domain = make_domain(case)
    with Recorder(
        path, case, domain.grid, domain.labels, domain.materials, case.tissue.body_temperature
    ) as recorder:
        result = simulate(case, domain=domain, on_snapshot=recorder.snapshot)
        recorder.finish(result, summarise(result, measure_zones(result)))
    return path
