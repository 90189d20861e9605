"""Which of many candidates are tried under draws: a few cheap ones of different kinds."""

from ablsim.planning.candidates import Candidate

NEAR = 0.7e-3
"""How far short of the reserve a plan may be and still be tried under draws [m]."""

DEAREST = 1.25
"""Burden up to which plans are tried, over that of the cheapest that may do."""

SHORT = 4
"""Most plans that are tried under a few draws at a time."""


def shortlist(candidates: list[Candidate], reserve: float, below: float) -> list[Candidate]:
    """Return the plans to try: the cheapest few of different kinds near a reserve.

    Parameters
    ----------
    candidates : list of Candidate
        That were run.
    reserve : float
        What the probability takes [m]. The cheapest that has a little more is among them.
    below : float
        How far short of it they may be [m].
    """
    near = [one for one in candidates if one.reserve >= reserve - below]
    if not near:
        near = sorted(candidates, key=lambda one: -one.reserve)[:SHORT]
    chosen: list[Candidate] = []
    kinds: dict[object, int] = {}
    most = SHORT if near and near[0].plan.illuminations <= 12 else SHORT // 2
    dearest = DEAREST * min((one.burden for one in near), default=0.0)
    for one in sorted(near, key=lambda one: one.burden):
        if one.burden > dearest and chosen:
            break
        first = one.plan.placements[0]
        kind = (one.plan.pattern, first.illuminations, len(one.plan.placements))
        if kinds.get(kind, 0) < 2:
            kinds[kind] = kinds.get(kind, 0) + 1
            chosen.append(one)
        if len(chosen) == most:
            break
    ample = [one for one in candidates if one.reserve >= reserve + 0.5 * NEAR]
    sure = min(ample, key=lambda one: one.burden, default=None)
    return chosen if sure is None or sure in chosen else [*chosen, sure]
