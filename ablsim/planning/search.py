"""The search: drafts are run, best guess first, until none that is left could be better.

A few that reach far are run first, to learn how far off guesses are. Several placements are looked
at only where no single one reaches what is asked for. What runs teach is used at once. Guesses of
one group are off by about the same length, so the mean of what is known of a group corrects those
not run yet; where on the tumour's surface a guess is off, by a vessel for instance, is laid on the
points that the next drafts have to cover.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.drafts import SEVERAL, Draft, Drafter, Family
from ablsim.planning.layouts import Ground
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

BATCH = 6
"""Drafts that are run at a time."""

ROUNDS = 12
"""Most batches of one search."""

DOUBT = 1.5e-3
"""How much better than its corrected guess a draft may be while little is known of them [m]."""

DEAREST = 1.5
"""Guessed burden up to which drafts are run in one batch, over that of the cheapest of it."""

NEAREST = 4
"""A correction at a point of the tumour is the mean over so many sites of its surface nearby."""

_FAR = 6e-3  # m from the surface at which a correction has gone to a third
_STAND_OFF_STEP = 1.5e-3  # m
_STEP = 0.5e-3  # m to which what was learned is rounded before several placements are laid anew

FloatArray = NDArray[np.float64]


@dataclass
class Lessons:
    """What runs have taught about guesses.

    Parameters
    ----------
    off : mapping
        By group, how much deeper runs came than guessed [m].
    extra : mapping
        By group, how much more of a burden they were [min].
    """

    off: dict[tuple[object, ...], list[float]] = field(default_factory=lambda: defaultdict(list))
    extra: dict[tuple[object, ...], list[float]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, draft: Draft, found: Candidate) -> None:
        """Note how far off a guess was."""
        self.off[draft.group].append(found.reserve - draft.reserve)
        self.extra[draft.group].append(found.burden - draft.burden)

    def reserve(self, draft: Draft) -> float:
        """Return the corrected guess of a reserve [m]."""
        return draft.reserve + _mean(self.off, draft.group)

    def burden(self, draft: Draft) -> float:
        """Return the corrected guess of a burden [min]."""
        return draft.burden + _mean(self.extra, draft.group)

    def of_several(self) -> float:
        """Return how much deeper several placements came than guessed [m]; 0 if none was run."""
        values = [one for key, off in self.off.items() if key[2] == SEVERAL for one in off]
        return float(np.mean(values)) if values else 0.0

    def doubt(self, draft: Draft) -> float:
        """Return how much better than that a draft may well be [m]."""
        own = self.off.get(draft.group, [])
        if len(own) < 2:
            return DOUBT
        return max(0.4e-3, min(DOUBT, float(np.std(own))))


class Search:
    """Finds treatments of one subject with a reserve at the least burden.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    drafter : Drafter
        Makes drafts.
    bench : Bench
        Runs them.
    say : callable, optional
        Told in a few words what is done.
    falls_short : callable, optional
        Says of a plan whether it was found not to do, whatever its reserve here.
    """

    def __init__(
        self,
        subject: Subject,
        request: Request,
        drafter: Drafter,
        bench: Bench,
        say: Callable[[str], None] | None = None,
        falls_short: Callable[[Prescription], bool] | None = None,
    ) -> None:
        self._subject = subject
        self._request = request
        self._drafter = drafter
        self._bench = bench
        self._say = say or (lambda words: None)
        self._falls_short = falls_short or (lambda plan: False)
        n = len(subject.points)
        self.grounds = [Ground(subject, direction, np.zeros(n)) for direction in request.directions]
        self._lessons = Lessons()
        self._singles: dict[object, list[Draft]] = {}
        self._several: dict[object, list[Draft]] = {}
        self._tree = cKDTree(subject.points) if n else None

    def find(self, required: float, rounds: int = ROUNDS, slack: float = 0.0) -> list[Candidate]:
        """Return everything that is known and allowed after a search, least burden first.

        Parameters
        ----------
        required : float
            Reserve that is asked for [m].
        rounds : int
            Most batches that are run.
        slack : float
            How far short of it one placement may be before several are looked at [m].
        """
        self._say(f"looking for a reserve of {1e3 * required:.1f} mm")
        seen: set[object] = set()
        if not self._lessons.off:
            self._run(self._scouts())
        for _ in range(rounds):
            chosen = self._choose(self._draft_singles(), required, seen)
            if not chosen and not self._one_reaches(required - slack):
                chosen = self._choose(self._draft_several(required), required, seen)
            if not chosen:
                break
            seen |= {draft.plan for draft in chosen}
            self._run(chosen)
        return [one for one in self._bench.candidates if one.is_allowed]

    def learn_limits(self, here: Candidate, finer: Candidate) -> None:
        """Keep further off organs whose limits a plan passes on finer cells alone."""
        if self._bench.learn_limits(here, finer):
            for i, ground in enumerate(self.grounds):
                if ground.direction == here.plan.direction:
                    self.grounds[i] = _further_off(ground)

    def _run(self, drafts: Sequence[Draft]) -> None:
        """Run drafts and learn from them."""
        found = self._bench.run([draft.plan for draft in drafts])
        for draft, one in zip(drafts, found, strict=True):
            if one is not None:
                self._lessons.learn(draft, one)
                self._learn_places(draft, one)

    def _one_reaches(self, required: float) -> bool:
        """Say whether one placement that was run has a reserve [m]."""
        return any(
            self._reaches(one, required) and len(one.plan.placements) == 1
            for one in self._bench.candidates
        )

    def _reaches(self, one: Candidate, required: float) -> bool:
        """Say whether a plan is allowed, has a reserve [m], and will do for all we know."""
        return one.is_allowed and one.reserve >= required and not self._falls_short(one.plan)

    def _scouts(self) -> list[Draft]:
        """Return a batch of drafts that reach far, each of another group."""
        best: dict[object, Draft] = {}
        for draft in self._draft_singles():
            if draft.group not in best or draft.reserve > best[draft.group].reserve:
                best[draft.group] = draft
        return sorted(best.values(), key=lambda draft: -draft.reserve)[:BATCH]

    def _draft_singles(self) -> list[Draft]:
        found = []
        for ground in self.grounds:
            key = ground.key
            if key not in self._singles:
                self._singles[key] = self._drafter.singles(ground)
            found += self._singles[key]
        return found

    def _draft_several(self, required: float) -> list[Draft]:
        """Return drafts of several placements that reach a reserve by what runs have taught."""
        deeper = _STEP * round(self._lessons.of_several() / _STEP)
        found = []
        for ground in self.grounds:
            key = (ground.key, required, deeper)
            if key not in self._several:
                self._several[key] = self._drafter.several(ground, required - deeper)
            found += self._several[key]
        return found

    def _choose(self, drafts: Sequence[Draft], required: float, seen: set[object]) -> list[Draft]:
        """Return the drafts to run next: those that may reach the reserve at less burden."""
        lessons, known = self._lessons, self._bench.known
        best = min(
            (one.burden for one in self._bench.candidates if self._reaches(one, required)),
            default=np.inf,
        )
        failed: dict[Family, float] = {}
        enough: dict[Family, float] = {}
        for draft in drafts:
            found = known.get(draft.plan)
            if found is None:
                continue
            energy = draft.plan.energy
            if found.reserve < required - 0.2e-3 or self._falls_short(draft.plan):
                failed[draft.family] = max(energy, failed.get(draft.family, 0.0))
            else:
                enough[draft.family] = min(energy, enough.get(draft.family, np.inf))
        hopeful = [
            draft
            for draft in drafts
            if draft.plan not in known
            and draft.plan not in seen
            and lessons.reserve(draft) + lessons.doubt(draft) >= required
            and lessons.burden(draft) < best
            and draft.plan.energy > failed.get(draft.family, 0.0)
            and draft.plan.energy < enough.get(draft.family, np.inf)
        ]
        hopeful.sort(key=lambda draft: (lessons.burden(draft), -draft.reserve))
        dearest = DEAREST * (lessons.burden(hopeful[0]) if hopeful else 0.0)
        hopeful = [draft for draft in hopeful if lessons.burden(draft) <= dearest]
        return self._spread(hopeful)

    def _spread(self, hopeful: Sequence[Draft]) -> list[Draft]:
        """Return a batch in which no family comes twice, and no group more than twice at first."""
        chosen: list[Draft] = []
        families: set[Family] = set()
        groups: dict[object, int] = defaultdict(int)
        for draft in hopeful:
            few = len(self._lessons.off.get(draft.group, ())) < 2
            if draft.family in families or (few and groups[draft.group] >= 2):
                continue
            families.add(draft.family)
            groups[draft.group] += 1
            chosen.append(draft)
            if len(chosen) == BATCH:
                break
        return chosen

    def _learn_places(self, draft: Draft, found: Candidate) -> None:
        """Lay what a run taught about places on the points to cover; keep off organs more."""
        case = self._subject.case
        if not case.vessels and not case.organs:
            return
        for i, ground in enumerate(self.grounds):
            if ground.direction != draft.plan.direction:
                continue
            changed = ground
            if found.broken and any(organ.name in found.broken for organ in case.organs):
                changed = _further_off(ground)
            self.grounds[i] = replace(changed, correction=self._correct(changed, draft, found))

    def _correct(self, ground: Ground, draft: Draft, found: Candidate) -> FloatArray:
        """Return the corrections of a ground after one more run, half old and half new."""
        sites = found.outcome.sites
        if self._tree is None or len(sites) < NEAREST:
            return ground.correction
        _, nearest = self._tree.query(sites)
        # the surface lies outside the points that fill the tumour: about so much deeper are these
        outward = np.linalg.norm(self._subject.points[nearest] - sites, axis=1)
        missed = found.outcome.site_margins + outward - draft.depth[nearest]
        missed -= np.median(missed)  # the rest is the group's
        tree = cKDTree(sites)
        away, index = tree.query(self._subject.points, k=NEAREST)
        away = np.asarray(away).reshape(-1, NEAREST)
        fresh = np.minimum(0.0, missed[index].mean(axis=1)) * np.exp(-away[:, 0] / _FAR)
        old = ground.correction
        # a guess that was corrected already is off by what is still missing
        return np.asarray(np.maximum(-8e-3, old + 0.5 * fresh if old.any() else fresh))


def _further_off(ground: Ground) -> Ground:
    """Return a ground whose layouts stay further off organs with limits."""
    return replace(ground, stand_off=min(20e-3, ground.stand_off + _STAND_OFF_STEP))


def _mean(table: dict[tuple[object, ...], list[float]], group: tuple[object, ...]) -> float:
    """Return the mean of a group; where nothing is known of it, of all with as many placements."""
    own = table.get(group)
    if own:
        return float(np.mean(own))
    alike = [value for key, values in table.items() if key[2] == group[2] for value in values]
    return float(np.mean(alike)) if alike else 0.0
