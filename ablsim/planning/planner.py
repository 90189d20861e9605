"""From a demand to a prescription: search, probability, refinement, and a check on fine cells.

The demand is a probability; what is searched for is a reserve, how far the zone of the treatment as
planned may recede before it is incomplete. Draws of everything unknown, made on one plan, say which
reserve the probability takes. What the search finds is tried under a few draws, refined under them,
and judged under many and on fine cells; what is missing then is asked for on top, and it goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.drafts import Drafter, with_energy
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Probability, Sample
from ablsim.planning.refine import Refiner
from ablsim.planning.request import FINE_UP_TO, SMALL, Request
from ablsim.planning.search import ROUNDS, Search
from ablsim.planning.subject import Subject
from ablsim.planning.trials import FEW, Trial, Trials, cheapest_trial

FIRST_RESERVE = 3e-3
"""Reserve that the search begins with, before draws have said what it takes [m]."""

TURNS = 4
"""Most times that the search begins anew with a better known reserve."""

TOLERANCE = 0.005
"""How far below the demand an estimated probability may be and count as reached."""

CLOSE = 0.02
"""How far above the demand a probability may be before a cheaper plan is looked for."""

FAR = 0.04
"""How far short of the demand a probability must be for the rest of its draws to be pointless."""

SETTLING = 3
"""Most times that a plan is judged anew with other energy."""

AMPLE = 0.1e-3
"""Reserve beyond the demand that is aimed at, lest the next draws fall short of it [m]."""

NEAR = 0.7e-3
"""How far short of the reserve a plan may be and still be tried under draws [m]."""

DEAREST = 1.25
"""Burden up to which plans are tried, over that of the cheapest that may do."""

SHORT = 5
"""Most plans that are tried under a few draws at a time."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a planner found for one demand.

    Parameters
    ----------
    best : Candidate
        The plan, on the cells of the search.
    fine : Candidate
        The same on the cells of the treatment.
    sample : Sample
        Its draws.
    probability : Probability
        What they say, carried over to the finer cells.
    required : float
        Reserve that the demand takes on the cells of the search [m].
    is_feasible : bool
        Whether the demand is met within all limits.
    """

    best: Candidate
    fine: Candidate
    sample: Sample
    probability: Probability
    required: float
    is_feasible: bool

    @property
    def shift(self) -> float:
        """By how much the reserve is larger on the finer cells [m]."""
        return self.fine.reserve - self.best.reserve

    @property
    def shift_of_margin(self) -> float:
        """The same of the smallest margin [m]."""
        return self.fine.outcome.margin_min - self.best.outcome.margin_min


class Planner:
    """Plans for one subject.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    evaluator : Evaluator
        Runs everything.
    say : callable, optional
        Told in a few words what is done.
    """

    def __init__(
        self, subject: Subject, request: Request, evaluator: Evaluator, say: Say | None = None
    ) -> None:
        self.subject = subject
        self.request = request
        self.evaluator = evaluator
        self._say = say or (lambda words: None)
        longest = max(subject.tumour.axes)
        coarse = 2.5e-3 if longest <= SMALL else 3e-3
        self.bench = Bench(subject, request, evaluator, coarse)
        self.fine_bench = Bench(
            subject, request, evaluator, 1e-3 if longest <= FINE_UP_TO else 2e-3, "plan"
        )
        self.drafter = Drafter(subject, request, evaluator)
        self.search = Search(subject, request, self.drafter, self.bench, self._say)
        self.trials = Trials(subject, request, self.bench, evaluator)
        self.refiner = Refiner(subject, request, self.trials)
        self.judged: list[Found] = []

    def find(self) -> Found | None:
        """Return the plan, or the nearest to one; None if nothing at all could be run."""
        first = self.search.find(FIRST_RESERVE, rounds=3)
        pilot = cheapest(first, FIRST_RESERVE)
        if pilot is None:
            return None
        reserve = FIRST_RESERVE
        for _ in range(2):  # a first guess, and one near enough to what will be found
            self._say("how far draws lie beside the plan")
            few = min(FEW, self.count(pilot.plan))
            sample = self.trials.draw([pilot.plan], few)[0]
            self.trials.begin(sample)
            wanted = sample.required(pilot.reserve, self.request.probability)
            is_near = abs(wanted - pilot.reserve) < NEAR
            reserve = wanted
            if is_near:
                break
            pilot = cheapest(self.search.find(reserve, rounds=self._rounds()), reserve) or pilot
        best: Found | None = None
        extra = -self._shift(pilot)
        for turn in range(TURNS):
            some = self.search.find(reserve, rounds=self._rounds())
            trial = self._choose(some, reserve, extra, turn)
            if trial is None:
                break
            found = self.settle(self.judge(trial, reserve))
            best = found if best is None or is_better(found, best) else best
            if found.is_feasible or not self._has_more(some, found):
                break
            # the draws of this plan stand for the next ones better than those of the first did
            extra = self.trials.run([found.best.plan])[0].spare - self._spare(found)
            reserve = found.best.reserve - self._spare(found)
        return best

    def settle(self, found: Found) -> Found:
        """Return a plan with as much energy as the demand takes, no more and no less.

        How much a little energy is worth is tried under the plan's own worst draws; then the plan
        with the energy that this says is judged, and again, until the probability is that asked
        for. The nearest is returned where the energy that it takes is not allowed.
        """
        best = found
        for _ in range(SETTLING):
            excess = found.probability.complete.value - self.request.probability
            if -TOLERANCE <= excess <= CLOSE:
                break
            self._say("as much energy as it takes")
            self.trials.begin(found.sample)
            plan, energies = found.best.plan, self.request.energies
            energy = plan.energy_per_fibre
            aside = energies.nearest(energy * (1.15 if excess < 0.0 else 0.87))
            pair = self.trials.run([plan, with_energy(plan, aside)])
            if len(pair) < 2 or aside == energy:
                break
            slope = (pair[1].spare - pair[0].spare) / (aside - energy)
            if slope <= 0.0:
                break
            wanted = energy - (self._spare(found) - AMPLE) / slope
            wanted = energies.at_least(round(wanted, -1)) or energies.high
            trial = self.trials.run([with_energy(plan, wanted)])
            if not trial or wanted == energy or trial[0].candidate in self._seen:
                break
            found = self.judge(trial[0], found.required)
            best = found if is_better(found, best) else best
        return best

    def _has_more(self, some: list[Candidate], found: Found) -> bool:
        """Say whether a plan was run that reaches further than one that falls short."""
        judged = {one.best.plan for one in self.judged}
        further = found.best.reserve + 0.5 * NEAR
        return any(one.reserve > further and one.plan not in judged for one in some)

    def _spare(self, found: Found) -> float:
        """Return how far a judged plan is beyond the demand [m]; negative short of it."""
        return found.sample.spare(self.request.probability) + found.shift

    @property
    def _seen(self) -> list[Candidate]:
        return [one.best for one in self.judged]

    def judge(self, trial: Trial, reserve: float) -> Found:
        """Return a plan with its probability, and how it does on fine cells.

        Parameters
        ----------
        trial : Trial
            The plan. Where its first draws say that it falls far short, more are not made.
        reserve : float
            What was searched for [m].
        """
        best = trial.candidate
        self._say("the plan on fine cells")
        fine = self.fine_bench.run([best.plan])[0] or best
        shift = fine.reserve - best.reserve
        shift_of_margin = fine.outcome.margin_min - best.outcome.margin_min
        self._say("probability")
        count = self.count(best.plan)
        for number in sorted({min(FEW, count), count}):
            sample = self.trials.draw([best.plan], number)[0]
            probability = sample.assess(shift, shift_of_margin)
            if probability.complete.value < self.request.probability - FAR:
                break
        self._say(
            f"{best.plan.describe()}: complete with {100 * probability.complete.value:.0f} %, "
            f"{best.burden:.0f} min"
        )
        reached = probability.complete.value >= self.request.probability - TOLERANCE
        found = Found(
            best=best,
            fine=fine,
            sample=sample,
            probability=probability,
            required=reserve,
            is_feasible=reached and best.is_allowed and fine.is_allowed,
        )
        self.judged.append(found)
        return found

    def count(self, plan: Prescription) -> int:
        """Return how many draws a plan gets: fewer where each takes long."""
        if self.request.draws:
            return self.request.draws
        return 64 if plan.illuminations <= 10 else 32 if plan.illuminations <= 30 else 16

    def _choose(
        self, some: list[Candidate], reserve: float, extra: float, turn: int
    ) -> Trial | None:
        """Return the plan of least burden whose few draws have so much to spare."""
        self._say("trying the best under a few draws")
        short = {one.best.plan for one in self.judged if not one.is_feasible}
        hopeful = [one for one in some if one.plan not in short]
        near = NEAR / (1.0 + 3.0 * turn)
        self.trials.run([one.plan for one in _shortlist(hopeful, reserve, near)])
        tried = [one for one in self.trials.trials if one.candidate.plan not in short]
        best = cheapest_trial(tried, extra)
        if best is None:
            return None
        looks = _looks(best.candidate.plan) // (1 + turn)
        if looks:
            self._say("refining")
            self.refiner.refine(best, extra, looks)
            tried = [one for one in self.trials.trials if one.candidate.plan not in short]
            best = cheapest_trial(tried, extra) or best
        if looks:
            best = self.refiner.round(best, extra) or best
        return best

    def _shift(self, one: Candidate) -> float:
        """Return by how much the reserve of a plan is larger on fine cells [m]."""
        fine = self.fine_bench.run([one.plan])[0]
        return 0.0 if fine is None else fine.reserve - one.reserve

    def _rounds(self) -> int:
        known = [one.plan.illuminations for one in self.bench.candidates]
        few = min(known, default=1)
        return ROUNDS if few <= 12 else 5 if few <= 40 else 2


def cheapest(candidates: list[Candidate], required: float) -> Candidate | None:
    """Return the plan of least burden that has a reserve [m], else the one that comes nearest."""
    enough = [one for one in candidates if one.reserve >= required]
    if enough:
        return min(enough, key=lambda one: one.burden)
    return max(candidates, key=lambda one: one.reserve, default=None)


def is_better(one: Found, other: Found) -> bool:
    """Say whether one plan answers a demand better than another."""
    if one.is_feasible and other.is_feasible:
        return one.best.burden < other.best.burden
    if one.is_feasible != other.is_feasible:
        return one.is_feasible
    return one.probability.complete.value > other.probability.complete.value


def _looks(plan: Prescription) -> int:
    """Return how many plans refining may try: fewer where each takes long."""
    return 14 if plan.illuminations <= 8 else 8 if plan.illuminations <= 16 else 0


def _shortlist(candidates: list[Candidate], reserve: float, below: float) -> list[Candidate]:
    """Return the plans to try: the cheapest few of different kinds near a reserve [m].

    The cheapest that has a little more than the reserve is among them.
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
