"""What holds a plan where it is: limits that it touches, and what would have to give."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ablsim.planning.candidates import Candidate, cheapest
from ablsim.planning.judgement import TOLERANCE, Found
from ablsim.planning.planner import Planner
from ablsim.planning.request import Limits, Request
from ablsim.planning.span import Span
from ablsim.units import to_mm

_CLOSE = 1.0  # K to the limit of an organ that counts as touching it
_ROUNDS = 3  # of the search with a limit lifted


@dataclass(frozen=True, slots=True)
class Concession:
    """What would be possible if one thing gave way.

    Parameters
    ----------
    words : str
        What gives, and how far.
    candidate : Candidate
        The plan that this allows.
    probability : float
        That it is complete: the draws of the nearest plan, moved to this one's reserve.
    is_enough : bool
        Whether that is the probability asked for.
    """

    words: str
    candidate: Candidate
    probability: float
    is_enough: bool


def find_binding(found: Found, request: Request) -> tuple[str, ...]:
    """Return in words each limit that a plan touches or passes."""
    plan, words = found.best.plan, []
    first = plan.placements[0]
    spans: tuple[tuple[str, Span, float, Callable[[float], str]], ...] = (
        ("energy of each fibre", request.energies, plan.energy_per_fibre, lambda v: f"{v:.0f} J"),
        ("power of each fibre", request.powers, plan.power, lambda v: f"{v:.3g} W"),
    )
    if plan.fibres > 1 and plan.pattern is not None:
        spans += (("spacing", request.spacings, plan.spacing, lambda v: f"{to_mm(v):.3g} mm"),)
    if first.illuminations > 1:
        spans += (
            ("pull-back", request.pull_backs, first.pull_back, lambda v: f"{to_mm(v):.3g} mm"),
        )
    for name, span, value, write in spans:
        if not span.is_free:
            continue
        room = 0.01 * (span.high - span.low)
        if value >= span.high - room:
            words.append(f"{name} at its most, {write(span.high)}")
        elif value <= span.low + room:
            words.append(f"{name} at its least, {write(span.low)}")
    if plan.fibres == request.max_fibres:
        words.append(f"fibres at their most, {request.max_fibres}")
    if first.illuminations == request.max_illuminations:
        words.append(f"illuminations of a placement at their most, {request.max_illuminations}")
    words += _touched(found, request.limits)
    words += _organs(found.fine)
    return tuple(words)


def _touched(found: Found, limits: Limits) -> Iterator[str]:
    plan = found.best.plan
    passed = limits.broken_by(plan)
    tighter = replace(
        limits,
        sessions=None if limits.sessions is None else limits.sessions - 1,
        placements=limits.placements - 1,
        energy=None if limits.energy is None else 0.98 * limits.energy,
        laser_time=None if limits.laser_time is None else 0.98 * limits.laser_time,
        insertions=None if limits.insertions is None else limits.insertions - 1,
    )
    for name in tighter.broken_by(plan):
        yield f"{name} {'PASSED' if name in passed else 'at its limit'}"


def _organs(one: Candidate) -> Iterator[str]:
    for organ in one.outcome.organs:
        hottest, most = organ["limits"]["peak_degc"], organ["limits"]["damage"]
        if organ["within_limits"] is False:
            yield f"limits of {organ['name']} PASSED: {organ['peak_degc']:.1f} degC"
        elif hottest is not None and organ["peak_degc"] > hottest - _CLOSE:
            yield f"{organ['name']} at its limit: {organ['peak_degc']:.1f} of {hottest:g} degC"
        elif most is not None and organ["damage"] > 0.3 * most:
            yield f"{organ['name']} at its limit: damage {organ['damage']:.2g} of {most:g}"


def find_concessions(found: Found, planner: Planner) -> tuple[Concession, ...]:
    """Return what would have to give where a demand cannot be met, each alone.

    Each limit is lifted by itself and the search goes on a little: plans are run, but their
    probability is that of the nearest plan's draws moved to their reserve.
    """
    concessions = []
    beside = found.sample.reserves() - found.best.reserve + found.finer.reserve
    for words, request in lift(planner.request):
        other = Planner(planner.subject, request, planner.evaluator)
        options = other.search.find(found.required, rounds=_ROUNDS)
        one = cheapest(options, found.required)
        if one is None or one.reserve <= found.best.reserve + 0.2e-3:
            continue
        chance = float(found.sample.chances(beside + one.reserve).mean())
        concessions.append(
            Concession(words, one, chance, chance >= planner.request.probability - TOLERANCE)
        )
    return tuple(sorted(concessions, key=lambda c: (not c.is_enough, c.candidate.burden)))


def lift(request: Request) -> Iterator[tuple[str, Request]]:
    """Yield requests with one limit lifted each, and what was lifted."""
    limits = request.limits

    def with_limits(new: Limits) -> Request:
        return replace(request, limits=new)

    if limits.sessions is not None:
        yield "more sessions", with_limits(replace(limits, sessions=None))
    if limits.placements < Limits().placements:
        yield "more placements", with_limits(replace(limits, placements=Limits().placements))
    if limits.energy is not None:
        yield "more energy in a session", with_limits(replace(limits, energy=None))
    if limits.laser_time is not None:
        yield "more laser time in a session", with_limits(replace(limits, laser_time=None))
    if limits.insertions is not None:
        yield "more insertions in a session", with_limits(replace(limits, insertions=None))
    if request.max_fibres < 4:
        yield "four fibres", replace(request, max_fibres=4)
    if request.max_illuminations < Request().max_illuminations:
        more = Request().max_illuminations
        yield f"{more} illuminations", replace(request, max_illuminations=more)
    if request.energies.high < Request().energies.high:
        span = Span((request.energies.low, Request().energies.high), is_continuous=True)
        yield "1800 J from each fibre", replace(request, energies=span)
