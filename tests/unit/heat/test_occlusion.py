"""When a vessel closes: only where its wall is coagulated all around."""

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.heat.occlusion import Occlusion, find_rings

BASE = {
    "schema": "ablsim/case/1",
    "title": "vessels",
    "domain": {"size": "40 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
    "tissue": {"background": "liver"},
    "fibre": [{"kind": "bare", "tip": ["15 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 10 s"]},
    "numerics": {"spacing": "1 mm"},
}
LINES = {
    "along z": [[0, 0, -60], [0, 0, 60]],
    "oblique": [[-60, -45, -50], [60, 45, 50]],
    "bent": [[0, -60, 0], [0, 0, 0], [0, 45, 45]],
}


def make(points, diameter="5 mm", wall="occludes", more=(), **changes):
    vessels = [
        {
            "name": f"v{i}",
            "diameter": diameter,
            "wall": wall,
            "points": [[f"{x} mm" for x in point] for point in line],
        }
        for i, line in enumerate([points, *more], start=1)
    ]
    case = Case.from_dict(BASE | {"vessel": vessels} | changes)
    return case, make_domain(case)


def centres(domain):
    return np.stack(np.meshgrid(*domain.grid.axes()[::-1], indexing="ij")[::-1], axis=-1)


def coagulated(domain, where):
    """Stasis beyond 1 in tissue where a function of the position says so, little elsewhere."""
    omega = np.where(where(centres(domain)), 1.5, 0.9)
    omega[domain.lumen > 0] = 0.0
    return omega.astype(np.float32)


@pytest.mark.parametrize("line", LINES)
def test_a_slab_of_coagulated_tissue_closes_a_vessel_however_it_lies(line):
    case, domain = make(LINES[line])
    axis = np.subtract(*LINES[line][1::-1]) / np.linalg.norm(np.subtract(*LINES[line][1::-1]))
    middle = 0.5e-3 * np.add(*LINES[line][:2]) if line == "bent" else np.zeros(3)
    middle = np.array([0.0, -10e-3, 0.0]) if line == "bent" else middle
    stasis = coagulated(domain, lambda p: np.abs((p - middle) @ axis) < 4e-3)
    occlusion = Occlusion(case, domain)
    assert occlusion.find_closing(5.0, 0.5 * stasis) == ()
    assert occlusion.find_closing(12.4, stasis) == (1,)
    assert occlusion.find_closing(13.0, stasis) == ()  # once is enough
    assert occlusion.notes() == (
        "v1 closed at 12 s: its wall was coagulated all around; from then on its blood stands "
        "still.",
    )


@pytest.mark.parametrize("line", LINES)
def test_a_vessel_with_one_side_alive_stays_open(line):
    case, domain = make(LINES[line])
    axis = np.array(LINES[line][1]) - LINES[line][0]
    side = np.cross(axis, (0.3, 0.5, -0.7))
    side /= np.linalg.norm(side)
    occlusion = Occlusion(case, domain)
    stasis = coagulated(domain, lambda p: p @ side > -1.9e-3)
    assert occlusion.find_closing(9.0, stasis) == ()
    assert "v1 stayed open: its wall was coagulated around at most " in occlusion.notes()[0]


def test_a_single_live_cell_in_every_ring_keeps_a_vessel_open():
    case, domain = make(LINES["along z"])
    occlusion = Occlusion(case, domain)
    stasis = np.full(domain.grid.shape, 2.0, np.float32)
    wall = (domain.lumen == 0) & (np.roll(domain.lumen, -1, axis=2) == 1)
    _, y, x = np.argwhere(wall)[0]
    stasis[:, y, x] = 0.99
    assert occlusion.find_closing(9.0, stasis) == ()
    stasis[20, y, x] = 1.0
    assert occlusion.find_closing(10.0, stasis) == ()  # a ring is two cells long
    stasis[21, y, x] = 1.0
    assert occlusion.find_closing(11.0, stasis) == (1,)


def test_free_vessels_and_those_without_flow_are_not_watched():
    hot = np.full((40, 40, 40), 9.0, np.float32)
    for changes in ({"wall": "free"}, {"tissue": {"background": "liver", "perfusion": "occluded"}}):
        occlusion = Occlusion(*make(LINES["along z"], **changes))
        assert occlusion.find_closing(1.0, hot) == ()
        assert occlusion.notes() == ()


def test_rings_hold_exactly_the_tissue_that_touches_the_lumen():
    case, domain = make(LINES["along z"])
    rings = find_rings(domain.grid, domain.lumen, 1, case.vessels[0].points)
    ring = {
        tuple(cell) for cell in np.stack(rings.cells, axis=-1)[rings.starts[5] : rings.starts[6]]
    }
    lumen = domain.lumen == 1
    touches = np.zeros_like(lumen)
    for axis in (1, 2):
        for step in (-1, 1):
            touches |= np.roll(lumen, step, axis=axis)
    touches &= ~lumen
    layers = {z for z, _, _ in ring}
    assert len(layers) == 2
    assert ring == {tuple(cell) for cell in np.argwhere(touches) if cell[0] in layers}


def test_no_ring_is_where_the_domain_ends_or_another_vessel_opens():
    case, domain = make(LINES["along z"], more=[[[0, 0, 0], [60, 0, 0]]])
    rings = find_rings(domain.grid, domain.lumen, 1, case.vessels[0].points)
    layers = domain.grid.axes()[2][rings.cells[0]]
    assert np.abs(layers).min() > 1.5e-3
    assert np.abs(layers).max() < 19e-3
    assert (domain.lumen[rings.cells] == 0).all()


def test_a_vessel_of_which_no_whole_cross_section_is_in_the_domain_stays_open():
    occlusion = Occlusion(*make([[20, 0, -60], [20, 0, 60]]))
    assert occlusion.find_closing(1.0, np.full((40, 40, 40), 9.0, np.float32)) == ()
    assert occlusion.notes() == ("v1 stayed open: no whole cross-section of it is in the domain.",)


def test_what_closed_is_known_after_taking_up_again():
    case, domain = make(LINES["along z"], more=[[[15, 0, -60], [15, 0, 60]]])
    stasis = coagulated(domain, lambda p: p[..., 0] < 7e-3)
    before, after = Occlusion(case, domain), Occlusion(case, domain)
    assert before.find_closing(7.0, stasis) == (1,)
    after.restore(before.state())
    assert after.find_closing(8.0, np.full_like(stasis, 2.0)) == (2,)
    assert after.notes()[0] == before.notes()[0]
