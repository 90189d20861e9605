import numpy as np
import pytest

from ablsim.case import Boundary
from ablsim.heat.boundary import FIXED, ghost_of, set_ghosts

BASE = 310.15


def conductance(k, ghost, spacing):
    return 2 * k * ghost / (k + ghost) / spacing


def test_ghosts_stand_for_each_condition():
    k, h = 0.52, 1e-3
    assert ghost_of(Boundary(kind="insulated"), h, BASE) == (0.0, 0.0)
    body, rise = ghost_of(Boundary(kind="body"), h, BASE)
    assert conductance(k, body, h) == pytest.approx(2 * k / h, rel=1e-6)
    assert rise == 0.0
    cold = Boundary(kind="convective", coefficient=10.0, ambient=295.15)
    film, rise = ghost_of(cold, h, BASE)
    assert conductance(k, film, h) == pytest.approx(1 / (0.5 * h / k + 1 / 10.0), rel=1e-12)
    assert rise == pytest.approx(-15.0)


def test_every_face_gets_its_own_ghosts_and_only_a_strange_temperature_drives():
    theta, k = np.zeros((4, 5, 6)), np.full((4, 5, 6), 0.5)
    faces = {f"{axis}_{end}": Boundary(kind="body") for axis in "xyz" for end in ("min", "max")}
    assert not set_ghosts(theta, k, faces, spacing=1e-3, base_temperature=BASE)
    faces["z_max"] = Boundary(kind="convective", coefficient=10.0, ambient=BASE - 10)
    faces["x_min"] = Boundary(kind="insulated")
    assert set_ghosts(theta, k, faces, spacing=1e-3, base_temperature=BASE)
    assert (theta[-1, 1:-1, 1:-1] == -10.0).all()
    assert not theta[0].any()
    assert (k[1:-1, 1:-1, 0] == 0.0).all()
    assert (k[1:-1, 1:-1, -1] == FIXED).all()
    assert (k[1:-1, 0, 1:-1] == FIXED).all()
