"""Zones measured against shapes whose volume, lengths and margins are known exactly."""

from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.geometry import UPRIGHT, distance_to_ellipsoid, distance_to_sphere, distance_to_tube
from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Result
from ablsim.shapes import Ellipsoid, HalfSpace
from ablsim.zone import Zone, mean_direction, measure_zones

R = 8e-3
BALL = 4.0 / 3.0 * np.pi * R**3
SHIFTS = [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.31, -0.12, 0.47), (-0.25, 0.43, 0.08)]
OMEGA_CEILING = 100.0


def make_tumour(diameter=16e-3, centre=(0.0, 0.0, 0.0), margin=0.0, axes=None):
    axes = axes or (diameter,) * 3
    return SimpleNamespace(
        axes=axes, orientation=UPRIGHT, centre=centre, margin=margin,
        body=Ellipsoid(centre, axes), half_extent=tuple(0.5 * axis for axis in axes),
    )  # fmt: skip


def make_result(
    distance,
    *,
    spacing=1e-3,
    size=34e-3,
    slope=1e3,
    gate=0.0,
    tumour=None,
    vessels=(),
    organs=(),
    directions=((0.0, 0.0, -1.0),),
    water=None,
    char=None,
    zone="stasis",
    dead_lumen=True,
):
    """A result whose ln Omega is ``-slope * distance``, with no damage where Omega < gate."""
    grid = Grid.centred((0.0, 0.0, 0.0), np.broadcast_to(size, 3).tolist(), spacing)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    omega = np.exp(np.clip(-slope * distance(points), -80.0, np.log(OMEGA_CEILING)))
    omega[omega < gate] = 0.0
    if dead_lumen:
        for vessel in vessels:
            omega[distance_to_tube(points, vessel.points, 0.5 * vessel.diameter) <= 0.0] = 0.0
    omega = omega.astype(np.float32)
    zero = np.zeros(grid.shape, dtype=np.float32)
    case = SimpleNamespace(
        tumour=tumour,
        vessels=vessels,
        organs=organs,
        fibres_all=tuple(SimpleNamespace(direction=d) for d in directions),
        physics=SimpleNamespace(reported_zone=zone),
    )
    fields = Fields(
        rise=zero,
        stasis=omega,
        whitening=zero,
        death=zero,
        water=np.ones_like(zero) if water is None else water,
        char=zero if char is None else char,
    )
    return Result(
        case=case,
        grid=grid,
        labels=np.zeros(grid.shape, dtype=np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=fields,
        ledger=Ledger(),
    )


def ball(centre=(0.0, 0.0, 0.0), radius=R):
    return lambda points: distance_to_sphere(points, centre, radius)


def shifted(shift, spacing):
    return tuple(s * spacing for s in shift)


@pytest.mark.parametrize(
    ("slope", "gate"), [(300.0, 0.0), (300.0, 0.5), (1000.0, 0.1), (2500.0, 0.0), (2500.0, 0.5)]
)
@pytest.mark.parametrize("shift", SHIFTS[1:])
def test_a_ball_on_a_1_mm_grid_has_its_volume_and_diameter(shift, slope, gate):
    zone = measure_zones(make_result(ball(shifted(shift, 1e-3)), slope=slope, gate=gate)).stasis
    assert zone.volume == pytest.approx(BALL, rel=3e-3)
    lengths = [*zone.axes, zone.along, zone.across]
    np.testing.assert_allclose(lengths, 2 * R, rtol=0.0, atol=0.1e-3)
    assert zone.sphericity == pytest.approx(1.0, abs=2e-3)
    assert zone.pieces == 1


def test_volume_length_and_margin_converge_at_second_order_or_better():
    spacings = (2e-3, 1e-3, 0.5e-3)
    worst = []
    for spacing in spacings:
        errors = []
        for shift in SHIFTS:
            centre = shifted(shift, spacing)
            tumour = make_tumour(10e-3, (centre[0] + 2e-3, centre[1], centre[2]))
            zones = measure_zones(make_result(ball(centre), spacing=spacing, tumour=tumour))
            stasis, covered = zones.stasis, zones.tumour
            exact = lens(R, 5e-3, 2e-3) / (4 / 3 * np.pi * 5e-3**3)
            errors.append(
                [
                    stasis.volume / BALL - 1.0,
                    stasis.across / (2 * R) - 1.0,
                    stasis.along / (2 * R) - 1.0,
                    stasis.sphericity - 1.0,
                    (covered.margin_min - 1e-3) / R,
                    covered.ablated_fraction - exact,
                ]
            )
        worst.append(np.abs(errors).max(axis=0))
    order = np.log2(np.maximum(worst[0], 1e-12) / np.maximum(worst[2], 1e-12)) / 2.0
    assert np.all((order > 1.9) | (worst[2] < 5e-5)), order


@pytest.mark.parametrize("slope", [300.0, 2500.0])
@pytest.mark.parametrize("spacing", [0.5e-3, 1e-3, 2e-3])
def test_an_ellipsoid_has_its_volume_and_its_three_axes(spacing, slope):
    axes = (24e-3, 18e-3, 14e-3)
    turned = ((0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0))
    centre = shifted(SHIFTS[2], spacing)
    result = make_result(
        lambda points: distance_to_ellipsoid(points, centre, axes, turned),
        spacing=spacing,
        slope=slope,
        directions=((0.8, -0.6, 0.0),),
    )
    zone = measure_zones(result).stasis
    coarse = spacing > 1e-3
    assert zone.volume == pytest.approx(np.pi / 6 * np.prod(axes), rel=1e-2 if coarse else 3e-3)
    tolerance = 0.3e-3 if coarse else 0.1e-3
    np.testing.assert_allclose(zone.axes, axes, rtol=0.0, atol=tolerance)
    assert zone.along == pytest.approx(18e-3, abs=tolerance)
    # Mean width of the ellipse 24 x 14 mm: its girth (Ramanujan) over pi.
    a, b = 12e-3, 7e-3
    girth = np.pi * (3 * (a + b) - np.sqrt((3 * a + b) * (a + 3 * b)))
    assert zone.across == pytest.approx(girth / np.pi, abs=tolerance)


def test_moving_a_zone_within_a_cell_moves_no_measure_by_a_jump():
    shifts = np.linspace(0.0, 1e-3, 11)
    for slope, gate in ((1000.0, 0.0), (1000.0, 0.3)):
        measured = []
        for dx in shifts:
            tumour = make_tumour(14e-3, (dx + 1.5e-3, 0.0, 0.0), margin=2e-3)
            zones = measure_zones(
                make_result(ball((dx, 0.2e-3, 0.0)), slope=slope, gate=gate, tumour=tumour)
            )
            measured.append(
                [
                    zones.stasis.volume / BALL,
                    zones.stasis.along / R,
                    zones.tumour.ablated_fraction,
                    zones.tumour.ablated_fraction_with_margin,
                    zones.tumour.margin_min / R,
                    zones.tumour.margin_mean / R,
                ]
            )
        spread = np.ptp(measured, axis=0)
        assert np.all(spread < [2e-3, 5e-3, 2e-3, 2e-3, 5e-3, 2e-3])


def test_a_mirrored_treatment_has_the_same_measures():
    centre, offset = np.array([0.3e-3, -1.2e-3, 0.7e-3]), np.array([3e-3, 1e-3, -2e-3])
    measures = []
    for mirror in ([1, 1, 1], [-1, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1]):
        tumour = make_tumour(12e-3, tuple(mirror * (centre + offset)), margin=3e-3)
        vein = make_vessel(mirror * np.array([6e-3, -90e-3, 0]), mirror * np.array([6e-3, 0.09, 0]))
        zones = measure_zones(
            make_result(ball(tuple(mirror * centre)), tumour=tumour, vessels=(vein,))
        )
        t, s = zones.tumour, zones.stasis
        lengths = [*s.axes, s.along, s.across, t.margin_min, t.margin_mean]
        shares = [s.sphericity, t.ablated_fraction, t.ablated_fraction_with_margin]
        volumes = [s.volume, zones.healthy_ablated]
        measures.append([*np.divide(lengths, R), *shares, *np.divide(volumes, BALL)])
    for other in measures[1:]:
        np.testing.assert_allclose(other, measures[0], rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("shift", SHIFTS[1:3])
@pytest.mark.parametrize(
    ("tumour_radius", "offset", "expected"),
    [
        (5e-3, 0.0, 3e-3),
        (5e-3, 2e-3, 1e-3),
        (5e-3, 3e-3, 0.0),
        (5e-3, 5e-3, -2e-3),
        (8e-3, 0.0, 0.0),
        (10e-3, 0.0, -2e-3),
        (10e-3, 3e-3, -5e-3),
    ],
)
def test_margins_of_a_ball_in_a_ball_have_the_right_size_and_sign(
    tumour_radius, offset, expected, shift
):
    centre = np.array(shifted(shift, 1e-3))
    lying = tuple(centre + offset * np.array([0.6, 0.0, 0.8]))
    result = make_result(ball(tuple(centre)), tumour=make_tumour(2 * tumour_radius, lying))
    tumour = measure_zones(result).tumour
    assert tumour.margin_min == pytest.approx(expected, abs=0.1e-3)
    # Mean of R - |p - c| over a sphere: |p - c| averages r + d^2 / (3 r) while d < r.
    mean = R - (tumour_radius + offset**2 / (3 * tumour_radius))
    if offset < tumour_radius:
        assert tumour.margin_mean == pytest.approx(mean, abs=0.05e-3)


def lens(r, s, d):
    """Volume that two balls at distance d share."""
    if d <= abs(r - s):
        return 4 / 3 * np.pi * min(r, s) ** 3
    return np.pi * (r + s - d) ** 2 * (d * d + 2 * d * (r + s) - 3 * (r - s) ** 2) / (12 * d)


@pytest.mark.parametrize("slope", [300.0, 2500.0])
@pytest.mark.parametrize("offset", [0.0, 2e-3, 4e-3, 7e-3, 11e-3])
def test_the_tumour_is_shared_out_between_zone_and_rest(offset, slope):
    r, margin = 6e-3, 3e-3
    tumour = make_tumour(2 * r, (0.6 * offset, 0.8 * offset, 0.1e-3), margin=margin)
    d = float(np.linalg.norm(tumour.centre))
    zones = measure_zones(make_result(ball(), slope=slope, tumour=tumour))
    whole = 4 / 3 * np.pi * r**3
    grown = 4 / 3 * np.pi * (r + margin) ** 3
    covered = zones.tumour
    assert covered.volume == pytest.approx(whole, rel=2e-3)
    assert covered.diameter == 2 * r
    assert covered.ablated_fraction == pytest.approx(lens(R, r, d) / whole, abs=3e-3)
    assert covered.ablated_fraction_with_margin == pytest.approx(
        lens(R, r + margin, d) / grown, abs=3e-3
    )
    assert covered.residual == pytest.approx((1 - covered.ablated_fraction) * covered.volume)
    assert zones.healthy_ablated == pytest.approx(BALL - lens(R, r, d), abs=3e-3 * BALL)


def test_a_tumour_just_inside_the_zone_is_ablated_to_the_last_drop():
    zones = measure_zones(make_result(ball(), slope=300.0, tumour=make_tumour(15.6e-3)))
    assert zones.tumour.ablated_fraction == pytest.approx(1.0, abs=1e-4)
    inside = measure_zones(make_result(ball(), slope=300.0, tumour=make_tumour(12e-3)))
    assert inside.tumour.ablated_fraction == 1.0
    assert inside.tumour.residual == 0.0


@pytest.mark.parametrize("axes", [(16e-3,) * 3, (20e-3, 16e-3, 10e-3)])
def test_no_damage_gives_zeros_and_the_depth_of_the_tumour_as_missing_margin(axes):
    tumour = make_tumour(axes=axes, margin=5e-3)
    zones = measure_zones(make_result(lambda points: np.ones(points.shape[:-1]), tumour=tumour))
    assert zones.stasis == zones.whitening == zones.death == Zone()
    assert zones.tumour.ablated_fraction == zones.tumour.ablated_fraction_with_margin == 0.0
    assert zones.tumour.margin_min == zones.tumour.margin_mean == pytest.approx(-0.5 * min(axes))
    assert zones.tumour.residual == zones.tumour.volume > 0.0
    assert zones.healthy_ablated == zones.boiled == zones.charred == 0.0


def test_without_a_tumour_all_ablated_tissue_is_healthy():
    zones = measure_zones(make_result(ball()))
    assert zones.tumour is None
    assert zones.healthy_ablated == zones["stasis"].volume == pytest.approx(BALL, rel=1e-3)


def test_coverage_refers_to_the_reported_zone():
    zones = measure_zones(make_result(ball(), tumour=make_tumour(), zone="death"))
    assert zones.tumour.zone == "death"
    assert zones.tumour.ablated_fraction == 0.0
    assert zones["stasis"].volume > 0.0
    assert zones["death"].volume == 0.0


def test_pieces_are_counted_from_a_twentieth_of_a_millilitre():
    radii = [5e-3, 4e-3, 2e-3]  # 0.52, 0.27 and 0.03 mL
    centres = [(-9e-3, 0.0, 0.0), (4e-3, 0.0, 0.0), (12e-3, 0.2e-3, 0.0)]

    def three(points):
        parts = [distance_to_sphere(points, c, r) for c, r in zip(centres, radii, strict=True)]
        return np.minimum.reduce(parts)

    zone = measure_zones(make_result(three)).stasis
    assert zone.pieces == 2
    assert zone.volume == pytest.approx(4 / 3 * np.pi * np.sum(np.power(radii, 3)), rel=1e-2)
    assert zone.axes[0] == pytest.approx(28e-3, abs=0.1e-3)


def test_damage_in_a_single_cell_is_a_small_zone_and_no_piece():
    result = make_result(lambda points: np.ones(points.shape[:-1]))
    result.fields.stasis[10, 10, 10] = 5.0
    zone = measure_zones(result).stasis
    assert 0.0 < zone.volume < result.grid.cell_volume
    assert zone.pieces == 0
    assert 0.0 < zone.axes[2] <= zone.axes[0] < 2e-3


def test_a_square_zone_is_measured_across_its_corners_however_it_is_turned():
    # Equal second moments leave the axes open: the calipers then go where they read most.
    def bar(angle):
        c, s = np.cos(angle), np.sin(angle)

        def distance(points):
            x = c * points[..., 0] + s * points[..., 1]
            y = -s * points[..., 0] + c * points[..., 1]
            return np.maximum.reduce([np.abs(x), np.abs(y), 0.6 * np.abs(points[..., 2])]) - 6e-3

        return distance

    for angle in (0.0, 0.3, np.pi / 4):
        zone = measure_zones(make_result(bar(angle), spacing=0.5e-3)).stasis
        expected = (20e-3, np.sqrt(2) * 12e-3, np.sqrt(2) * 12e-3)
        np.testing.assert_allclose(zone.axes, expected, rtol=0.0, atol=0.5e-3)
        assert zone.along == pytest.approx(20e-3, abs=0.1e-3)
        assert zone.across == pytest.approx(4 * 12e-3 / np.pi, abs=0.3e-3)


def test_a_zone_that_reaches_the_wall_of_the_domain_ends_there_and_says_so():
    zones = measure_zones(make_result(ball((0.0, 0.0, 0.0)), size=(34e-3, 34e-3, 16e-3 - 6e-3)))
    slab = np.pi * (2 * 5e-3 * R**2 - 2 * 5e-3**3 / 3)
    assert zones.stasis.volume == pytest.approx(slab, rel=5e-3)
    assert zones.stasis.along == pytest.approx(10e-3, abs=1e-6)
    surface = np.pi ** (1 / 3) * (6 * slab) ** (2 / 3) / zones.stasis.sphericity
    exact = 2 * np.pi * R * 10e-3 + 2 * np.pi * (R**2 - 5e-3**2)
    assert surface == pytest.approx(exact, rel=0.01)
    assert any("wall of the domain" in note for note in zones.notes)
    assert not measure_zones(make_result(ball())).notes


def test_a_domain_ablated_throughout_has_its_own_volume():
    zones = measure_zones(
        make_result(
            lambda points: -np.ones(points.shape[:-1]), size=12e-3, tumour=make_tumour(6e-3)
        )
    )
    assert zones.stasis.volume == pytest.approx(12e-3**3, rel=1e-9)
    assert zones.stasis.along == pytest.approx(12e-3)
    assert zones.tumour.margin_min == pytest.approx(3e-3, abs=0.05e-3)
    assert zones.tumour.ablated_fraction == 1.0


def make_vessel(*points, diameter=6e-3):
    return SimpleNamespace(name="vein", points=[tuple(p) for p in points], diameter=diameter)


@pytest.mark.parametrize("dead_lumen", [True, False])
@pytest.mark.parametrize("dx", [0.0, 0.3e-3, 0.5e-3, 0.8e-3])
def test_a_lumen_belongs_neither_to_the_zone_nor_to_the_tumour(dx, dead_lumen):
    vein = make_vessel((dx, -90e-3, 0.1e-3), (dx, 90e-3, 0.1e-3))
    tumour = make_tumour(12e-3, (dx, 0.0, 0.1e-3))
    centre = (dx, 0.0, 0.1e-3)
    result = make_result(ball(centre), tumour=tumour, vessels=(vein,), dead_lumen=dead_lumen)
    zones = measure_zones(result)
    # A ball with a round hole through its centre: 4/3 pi (R^2 - a^2)^(3/2).
    ring = 4 / 3 * np.pi * (R**2 - 3e-3**2) ** 1.5
    small = 4 / 3 * np.pi * (6e-3**2 - 3e-3**2) ** 1.5
    assert zones.stasis.volume == pytest.approx(ring, rel=1e-2)
    assert zones.tumour.volume == pytest.approx(small, rel=1e-2)
    assert zones.tumour.ablated_fraction == pytest.approx(1.0, abs=2e-3)
    assert zones.tumour.margin_min == pytest.approx(2e-3, abs=0.1e-3)
    assert zones.healthy_ablated == pytest.approx(ring - small, rel=2e-2)
    half = np.sqrt(R**2 - 3e-3**2)
    shell = 4 * np.pi * R * half + 2 * np.pi * 3e-3 * 2 * half
    expected = np.pi ** (1 / 3) * (6 * ring) ** (2 / 3) / shell
    assert zones.stasis.sphericity == pytest.approx(expected, rel=2e-2)


def test_no_margin_ends_at_a_vessel_that_the_zone_reaches_all_round():
    vein = make_vessel((7e-3, -90e-3, 0.0), (7e-3, 90e-3, 0.0), diameter=4e-3)
    result = make_result(
        ball(radius=11e-3), tumour=make_tumour(10e-3), vessels=(vein,), dead_lumen=True
    )
    tumour = measure_zones(result).tumour
    assert tumour.margin_min == pytest.approx(6e-3, abs=0.1e-3)
    assert tumour.ablated_fraction == pytest.approx(1.0, abs=1e-9)


def make_organ(body, name="gallbladder"):
    return SimpleNamespace(name=name, body=body)


@pytest.mark.parametrize("dx", [0.0, 0.3e-3, 0.5e-3, 0.8e-3])
def test_an_organ_takes_the_place_of_the_tumour_and_of_its_margin(dx):
    # the organ is all beyond 2 mm from the tumour's middle; the zone is the half space short of -1
    organ = make_organ(HalfSpace((dx + 2e-3, 0.0, 0.0), (1.0, 0.0, 0.0)))
    tumour = make_tumour(12e-3, (dx, 0.0, 0.0), margin=2e-3)
    result = make_result(lambda p: p[..., 0] - dx + 1e-3, tumour=tumour, organs=(organ,))
    zones = measure_zones(result)

    def short_of(distance, radius):
        return np.pi * (2 / 3 * radius**3 + radius**2 * distance - distance**3 / 3)

    left, ablated = short_of(2e-3, 6e-3), short_of(-1e-3, 6e-3)
    assert zones.tumour.volume == pytest.approx(left, rel=2e-3)
    assert zones.tumour.ablated_fraction == pytest.approx(ablated / left, rel=2e-3)
    assert zones.tumour.residual == pytest.approx(left - ablated, rel=5e-3)
    with_margin = short_of(-1e-3, 8e-3) / short_of(2e-3, 8e-3)
    assert zones.tumour.ablated_fraction_with_margin == pytest.approx(with_margin, rel=2e-3)
    assert zones.tumour.margin_map.points[:, 0].max() < dx + 2e-3
    assert zones.tumour.margin_min == pytest.approx(-3e-3, abs=0.1e-3)
    assert sum(p.volume for p in zones.tumour.residual_pieces) == pytest.approx(
        zones.tumour.residual, rel=1e-3
    )
    (note,) = (note for note in zones.notes if "gallbladder" in note)
    share = 100.0 * (1.0 - left / short_of(6e-3, 6e-3))
    assert float(note.split()[2]) == pytest.approx(share, rel=0.05)


def test_an_organ_away_from_the_tumour_changes_none_of_its_measures():
    organ = make_organ(HalfSpace((12e-3, 0.0, 0.0), (1.0, 0.0, 0.0)))
    tumour = make_tumour(12e-3, margin=2e-3)
    with_organ, without = (
        measure_zones(make_result(ball(), tumour=tumour, organs=o)) for o in ((organ,), ())
    )
    maps = with_organ.tumour.margin_map, without.tumour.margin_map
    assert maps[0].margins == pytest.approx(maps[1].margins, rel=1e-12)
    for name in ("volume", "ablated_fraction_with_margin", "margin_min", "margin_mean"):
        one, other = getattr(with_organ.tumour, name), getattr(without.tumour, name)
        assert one == pytest.approx(other, rel=1e-12), name  # sums in another order
    assert with_organ.stasis == without.stasis
    assert with_organ.healthy_ablated == pytest.approx(without.healthy_ablated, rel=1e-12)


def test_ablated_organ_counts_as_healthy_tissue():
    organ = make_organ(HalfSpace((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    zones = measure_zones(make_result(ball(), tumour=make_tumour(12e-3), organs=(organ,)))
    half_tumour = 2 / 3 * np.pi * 6e-3**3
    assert zones.tumour.volume == pytest.approx(half_tumour, rel=3e-3)
    assert zones.healthy_ablated == pytest.approx(BALL - half_tumour, rel=3e-3)


def test_a_tumour_that_reaches_out_of_the_domain_is_measured_inside_it():
    tumour = make_tumour(16e-3, (17e-3, 0.0, 0.0))
    zones = measure_zones(make_result(ball((17e-3, 0.0, 0.0)), tumour=tumour))
    assert zones.tumour.volume == pytest.approx(BALL / 2, rel=3e-3)
    assert zones.tumour.ablated_fraction == pytest.approx(1.0, abs=3e-3)
    assert any("tumour reaches out" in note for note in zones.notes)


def test_boiled_cells_are_those_that_lost_water_and_char_is_counted_by_its_share():
    water = np.ones((34, 34, 34), dtype=np.float32)
    char = np.zeros_like(water)
    water[3, 4, 5:8] = [0.0, 0.5, 0.999]
    char[3, 4, 5:7] = [1.0, 0.25]
    zones = measure_zones(make_result(ball(), water=water, char=char))
    assert zones.boiled == pytest.approx(3e-9)
    assert zones.charred == pytest.approx(1.25e-9)


def test_the_mean_of_fibre_directions_is_a_unit_vector_even_when_fibres_face_each_other():
    assert mean_direction([(0, 0, -1), (0, 0, 1)]) == (0.0, 0.0, -1.0)
    np.testing.assert_allclose(mean_direction([(1, 0, 0), (0, 1, 0)]), [0.5**0.5, 0.5**0.5, 0])


def test_residual_pieces_add_up_and_name_the_vessel_beside_them():
    # The zone covers the right of the tumour; the vein runs along its left.
    vein = make_vessel((9e-3, -90e-3, 0.0), (9e-3, 90e-3, 0.0), diameter=4e-3)
    far = SimpleNamespace(name="far", points=[(-15e-3, 0.0, -0.09), (-15e-3, 0.0, 0.09)])
    far.diameter = 3e-3
    tumour = make_tumour(12e-3)
    zones = measure_zones(make_result(ball((-4e-3, 0.0, 0.0)), tumour=tumour, vessels=(far, vein)))
    (piece,) = zones.tumour.residual_pieces
    assert piece.volume == pytest.approx(zones.tumour.residual, rel=1e-9)
    assert piece.volume == pytest.approx(4 / 3 * np.pi * 6e-3**3 - lens(R, 6e-3, 4e-3), rel=0.05)
    assert piece.direction == "left"
    assert piece.vessel == "vein"
    # From the tumour's left pole at 6 mm to the wall at 7 mm.
    assert piece.vessel_distance == pytest.approx(1e-3, abs=0.1e-3)


def test_all_is_residual_without_a_zone_and_nothing_where_it_is_complete():
    none = measure_zones(
        make_result(lambda points: np.ones(points.shape[:-1]), tumour=make_tumour(12e-3))
    ).tumour
    (whole,) = none.residual_pieces
    assert whole.direction == "central"
    assert whole.volume == pytest.approx(none.volume)
    np.testing.assert_allclose(whole.centroid, 0.0, atol=1e-6)
    complete = measure_zones(make_result(ball(), tumour=make_tumour(12e-3))).tumour
    assert complete.residual_pieces == ()
    assert complete.residual == 0.0
