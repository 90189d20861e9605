import numpy as np
import pytest

from ablsim.case import Case
from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.planning.draws import Draws
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.subject import describe_subject, make_subject

DOWN = (0.0, 0.0, -1.0)


@pytest.fixture(scope="module")
def subject():
    return make_subject(
        describe_subject(
            diameter="20 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
            background="liver",
        )
    )  # fmt: skip


def square(spacing=15e-3, count=1, energy=1800.0):
    tips = arrange("square", spacing, DOWN)
    return Prescription(
        DOWN,
        5.0,
        tuple(
            place_pattern(
                tips, (0.0, 0.0, 5e-3 * i), DOWN,
                energy=energy, illuminations=1, pull_back=0.0, session=i,
            )
            for i in range(count)
        ),
        pattern="square",
        spacing=spacing,
    )  # fmt: skip


def misses(draws, plan):
    return np.array(
        [
            [np.subtract(a.tips, b.tips) for a, b in zip(
                draws.misplace(plan, i).placements, plan.placements, strict=True)]
            for i in range(draws.count)
        ]
    )  # fmt: skip


def test_fibres_miss_as_far_as_is_said(subject):
    found = misses(Draws(subject, Request(), 256), square(30e-3))[:, 0]
    across = np.sqrt(2.4**2 + 2.5**2)
    along = np.sqrt(2.5**2 + 2.5**2)
    assert 1e3 * found.std(axis=0).mean(axis=0) == pytest.approx([across, across, along], rel=0.07)
    assert np.abs(found.mean(axis=0)).max() < 0.3e-3
    shared = np.cov(found[:, 0, 0], found[:, 1, 0])[0, 1]
    assert 1e6 * shared == pytest.approx(2.5**2, rel=0.25)


def test_the_same_placement_misses_alike_in_every_plan(subject):
    draws = Draws(subject, Request(), 16)
    one, more = misses(draws, square(20e-3)), misses(draws, square(24e-3, count=2, energy=900.0))
    assert np.allclose(one[:, 0], more[:, 0], atol=2e-6)


def test_more_draws_begin_with_the_same_ones(subject):
    few, many = Draws(subject, Request(), 16), Draws(subject, Request(), 64)
    plan = square()
    assert [few.text(plan, i, 3e-3) for i in range(4)] == [
        many.text(plan, i, 3e-3) for i in range(4)
    ]


def test_a_seed_decides(subject):
    plan = square()
    text = Draws(subject, Request(), 8).text(plan, 3, 3e-3)
    assert Draws(subject, Request(), 8).text(plan, 3, 3e-3) == text
    assert Draws(subject, Request(seed=2), 8).text(plan, 3, 3e-3) != text


def test_every_draw_is_a_case(subject):
    draws = Draws(subject, Request(), 16)
    for i in range(16):
        case = draws.case(square(12e-3), i, 3e-3)
        assert isinstance(case, Case)
        tips = [fibre.tip for fibre in case.fibres_all]
        nearest = min(np.linalg.norm(np.subtract(a, b)) for a in tips for b in tips if a != b)
        assert nearest >= 7.5e-3 - 1e-9


def test_parameters_are_those_that_published_lesions_left(subject):
    draws = Draws(subject, Request(), 128)
    names = [factor.name for factor in draws.factors]
    x = draws.coordinates[:, names.index("whitening threshold")]
    free = draws.coordinates[:, names.index("perfusion of net_metastasis")]
    assert x.std() < 0.75  # the prior has 1
    assert free.std() == pytest.approx(1.0, abs=0.12)
    assert draws.model_error.shape == (128,)
    assert 0.05 < draws.model_error.mean() < 0.25


def test_without_errors_nothing_misses(subject):
    exact = Request(errors=PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm"))
    plan = square()
    assert Draws(subject, exact, 8).misplace(plan, 3) == plan


def test_fibres_that_never_keep_their_distance_are_refused(subject):
    near = Request(errors=PlacementTable(closest="40 mm"))
    with pytest.raises(CaseError, match="40 mm between them"):
        Draws(subject, near, 8).misplace(square(10e-3), 0)
