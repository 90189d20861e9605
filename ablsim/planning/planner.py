"""From a demand to a prescription: search, probability, refinement, and a check on fine cells.

The demand is a probability; what is searched for is a reserve, how far the zone of the treatment as
planned may recede before it is incomplete. Trials, a few draws of everything unknown, say which
reserve the probability takes of plans like those found. What the search finds is tried, refined,
and judged under many draws by whole runs and on fine cells; what is missing then is asked for on
top, and it goes on.
"""

import numpy as np

from ablsim.planning.candidates import Bench, Candidate, cheapest
from ablsim.planning.drafts import Drafter, with_energy
from ablsim.planning.evaluator import Evaluator, Kind
from ablsim.planning.fine_cells import FineCells
from ablsim.planning.judgement import Found, Judge, Say, is_better
from ablsim.planning.prescription import Prescription
from ablsim.planning.refine import Refiner
from ablsim.planning.request import SMALL, Request
from ablsim.planning.search import ROUNDS, Search
from ablsim.planning.settling import AMPLE, Settler
from ablsim.planning.shortlist import DEAREST, NEAR, shortlist
from ablsim.planning.subject import Subject
from ablsim.planning.trials import Trial, Trials

FIRST_RESERVE = 3e-3
"""Reserve that the search begins with, before draws have said what it takes [m]."""

PILOTS = 3
"""Most times that the reserve to look for is found out before anything is judged."""

TURNS = 4
"""Most times that the search begins anew with a better known reserve."""

BOLDER = 0.4e-3
"""How much more is looked for each time that what was found fell short [m]."""

CHEAPER = 0.98
"""Share of the burden of a plan below which others are still of interest."""

CHALLENGERS = 3
"""Most of these that are judged; only one where values between those drafted were refined."""

THINNING = 3
"""Most times that others are looked for at a reserve, without those that lack something."""

RISE = 1.5e-3
"""By how much the reserve looked for rises at a time, of several placements [m]."""

DEAR = 0.85
"""Share of the burden of a plan below which what was left unjudged is looked at again."""

ALIKE = 1e-3
"""Difference in any length up to which treatments of several placements are nearly the same [m]."""


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
        fine = request.checked_on(longest)

        def bench(spacing: float, kind: Kind) -> Bench:
            cells = FineCells(subject, request, evaluator, spacing, request.fine)
            return Bench(subject, request, evaluator, spacing, kind, cells)

        self.bench, self.fine_bench = bench(coarse, "evaluation"), bench(fine, "plan")
        self.drafter = Drafter(subject, request, evaluator)
        self.search = Search(subject, request, self.drafter, self.bench, self._say, self._lacks)
        self.trials = Trials(subject, request, self.bench, evaluator)
        self.refiner = Refiner(subject, request, self.trials)
        self.judge = Judge(request, evaluator, self.fine_bench, self.trials, self._say)
        self.settler = Settler(request, self.judge, self.trials, self._learn, self._say)
        self._latest = 0.0
        self._extras: dict[Prescription, float] = {}
        self._lacking: set[Prescription] = set()

    def find(self) -> Found | None:
        """Return the plan, or the nearest to one; None if nothing at all could be run."""
        reserve, best = self._begin()
        if best is not None and self._may_lack_energy(best):
            best = self.settler.settle(best, others_left=True)
            if best.is_feasible:
                return self.settler.settle(self._thin(best))
            reserve = max(reserve, best.best.reserve - self.judge.spare(best))
        for turn in range(TURNS):
            self._learn_limits()
            reserve = self._first_enough(best, reserve)
            some = self._look(reserve, 0.0 if turn else self._slack)
            if turn and best is not None and not self._has_more(some, best):
                break
            trial = self._choose(some, reserve, turn)
            if trial is None:
                break
            found = self.settler.settle(
                self._thin(self.judge.assess(trial, reserve)), others_left=True
            )
            best = found if best is None or self._is_rather(found, best) else best
            if best.is_feasible:
                best = self._challenge(best)
                break
            self._learn(found)
            # what reserve it takes differs from kind to kind: that of the best is not enough either
            wanted = [one.best.reserve - self.judge.spare(one) for one in (found, best)]
            reserve = max(wanted) + BOLDER
        if best is not None and not best.is_checked:  # a pilot: no plan is given unchecked
            best = self.judge.assess(self.trials.run([best.best.plan])[0], reserve)
        # a pilot that does may have more energy than it takes
        return best and self._reconsider(self.settler.settle(best))

    def _begin(self) -> tuple[float, Found | None]:
        """Return the reserve [m] that plans like those found take to reach the probability.

        The last pilot is judged, so that what trials lack is known; it is returned as well.
        """
        reserve = FIRST_RESERVE
        found = None
        for number in range(PILOTS):
            some = self._look(reserve, self._slack)
            if not some:
                break
            self._say("what reserve the probability takes")
            likely = cheapest(some, reserve)
            single = [  # that comes near: what a hopeless one takes says nothing of others
                one for one in some
                if len(one.plan.placements) == 1 and one.reserve >= reserve - NEAR
            ]  # fmt: skip
            far = max(single, key=lambda one: (one.reserve, -one.burden), default=None)
            pilots = {one.plan: None for one in (likely, far) if one is not None}
            trials = self.trials.run(list(pilots))
            if not trials:
                break
            # a plan that reaches further, and in all directions, takes less of a reserve
            pilot = min(trials, key=lambda one: one.required)
            if pilot.required < reserve + NEAR or number == PILOTS - 1:
                found = self.judge.assess(pilot, reserve, is_pilot=True)
                self._learn(found)
                return found.best.reserve - self.judge.spare(found), found
            reserve = pilot.required
        return reserve, found

    def _may_lack_energy(self, pilot: Found) -> bool:
        """Say whether several placements may need nothing but more energy to be the plan."""
        return len(pilot.best.plan.placements) > 1 and not pilot.is_reached and pilot.is_allowed

    def _look(self, reserve: float, slack: float) -> list[Candidate]:
        """Return what is known after looking for plans with a reserve [m].

        ``slack`` is what refining one placement may make up for [m], before several are looked at.
        """
        return self.search.find(reserve, self._rounds(), slack)

    @property
    def _slack(self) -> float:
        request = self.request
        spans = (request.spacings, request.energies, request.pull_backs, request.powers)
        return NEAR if any(one.is_continuous and one.is_free for one in spans) else 0.0

    def _thin(self, found: Found) -> Found:
        """Return a plan of fewer or lesser placements, where several reach further than they need.

        So much energy as that would spare is beyond what settling may change. What falls short says
        how much more others take.
        """
        judged = found
        for _ in range(THINNING):
            is_ample = found.is_reached and self.judge.spare(found) >= NEAR
            if not is_ample or len(found.best.plan.placements) == 1:
                break
            self._say("with fewer placements")
            self._learn(judged)
            reserve = judged.best.reserve - self.judge.spare(judged) + AMPLE
            known = self.trials.trials
            self._lacking |= {one.candidate.plan for one in known if self._beyond(one) < 0.0}
            some = [one for one in self._look(reserve, 0.0) if not self._lacks(one.plan)]
            some = [one for one in some if one.burden < CHEAPER * found.best.burden]
            tried = self.trials.run([one.plan for one in shortlist(some, reserve, NEAR)])
            if enough := [one for one in tried if self._beyond(one) >= 0.0]:
                other = min(enough, key=lambda one: one.candidate.burden)
                judged = self.judge.assess(other, reserve)
                found = judged if is_better(judged, found) else found
        return found

    def _challenge(self, best: Found) -> Found:
        """Return a plan that is cheaper and does as well after all, else the same.

        Trials know nothing of fine cells, which kinds of plans take differently, by up to a
        millimetre. So the cheaper ones that reach furthest are tried beside the plan, under its own
        worst draws, and run on fine cells; those that are nearly enough are judged. Of several
        placements each judgement takes minutes.
        """
        if len(best.best.plan.placements) > 1:
            return best
        judged = {one.best.plan for one in self.judge.judged}
        cheaper = [
            one
            for one in self.bench.candidates
            if one.is_allowed
            and one.burden < CHEAPER * best.best.burden
            and one.plan not in judged
            and len(one.plan.placements) == 1
        ]
        cheaper.sort(key=lambda one: -one.reserve)
        self._learn(best)
        few = 1 if self._slack else CHALLENGERS
        # what trials are off by on the cells of the search
        beside = self._latest + best.finer.reserve
        tried = self.trials.run([one.plan for one in cheaper[: 2 * few + 2]])
        tried = sorted(tried, key=lambda one: -one.spare)[: few + 1]
        fine = self.fine_bench.run([one.candidate.plan for one in tried])
        nearly = [
            trial
            for trial, one in zip(tried, fine, strict=True)
            if one is not None
            and trial.spare - beside + one.reserve - trial.candidate.reserve > -NEAR
        ]
        nearly.sort(key=lambda one: one.candidate.burden)
        for trial in nearly[:few]:
            self._say("whether a cheaper plan does as well")
            found = self.judge.assess(trial, best.required)
            if found.is_feasible:
                return found
        return best

    def _reconsider(self, best: Found) -> Found:
        """Return a layout that was left as lacking a little, if it is enough and much cheaper.

        While others were left to look at, what was thought to lack too much with all its energy
        was not judged; it is worth that where those others turned out dear.
        """
        tried = self.trials.run(self.settler.left)
        cheaper = [
            one
            for one in tried
            if one.candidate.burden < DEAR * best.best.burden
            and not self.judge.has_judged(one.candidate)
        ]
        for trial in sorted(cheaper, key=lambda one: one.candidate.burden)[:1]:
            self._say("whether a cheaper plan does as well")
            found = self.judge.assess(trial, best.required)
            if is_better(found, best):
                return self.settler.settle(found)
        return best

    def _has_more(self, some: list[Candidate], found: Found) -> bool:
        """Say whether a plan was run that reaches further than one that falls short."""
        further = found.best.reserve + 0.5 * NEAR if found.is_allowed else -np.inf
        return any(one.reserve > further and not self.judge.has_judged(one) for one in some)

    def _is_rather(self, found: Found, best: Found) -> bool:
        """Say whether a plan takes the place of the best: one judged in full that of its pilot."""
        is_pilot = not best.is_checked and best.best.plan == found.best.plan
        return is_pilot or is_better(found, best)

    def _learn_limits(self) -> None:
        """Keep off organs what passes their limits on the cells of the treatment alone."""
        for one in self.judge.judged:
            if one.best.is_allowed and one.is_checked and not one.fine.is_allowed:
                self.search.learn_limits(one.best, one.fine)

    def _learn(self, found: Found) -> None:
        """Note what trials lack of many whole draws and of fine cells, for the next plans."""
        self.trials.begin(found.best, found.sample)
        for trial in self.trials.run([found.best.plan]):  # none of a plan that passes a limit
            self._latest = trial.spare - self.judge.spare(found)
            if len(found.best.plan.placements) > 1:
                self._extras[found.best.plan] = self._latest

    def extra(self, plan: Prescription) -> float:
        """Return what a trial of a plan lacks of many whole draws and of fine cells [m].

        Of several placements, what it was for the judged one that is most like it: wide ones lack
        more. Of one, whose draws each trial shares with the latest that was judged, that of this.
        """
        if len(plan.placements) == 1 or not self._extras:
            return self._latest
        return self._extras[min(self._extras, key=lambda one: _unlike(one, plan))]

    def _beyond(self, trial: Trial) -> float:
        """Return how far beyond the demand a trial says that a plan is [m]."""
        return trial.spare - self.extra(trial.candidate.plan)

    def _first_enough(self, best: Found | None, reserve: float) -> float:
        """Return the least reserve [m] at which a trial is enough, at most the one given.

        What one layout of several placements takes, another may not need: wide patterns with long
        pull-backs have necks that draws cut through. So layouts are tried from the least on that
        one judged takes, or from what the best reaches, before others are looked for that reach
        further, of twice the placements perhaps.
        """
        several = [one for one in self.judge.judged if len(one.best.plan.placements) > 1]
        if best is None or best.best.plan not in {one.best.plan for one in several}:
            return reserve
        least = min(one.best.reserve - self.judge.spare(one) for one in several)
        for less in np.arange(min(least, best.best.reserve + RISE), reserve, RISE):
            for _ in range(THINNING):
                some = [one for one in self._look(float(less), 0.0) if not self._lacks(one.plan)]
                self._say("trying the best under a few draws")
                tried = self.trials.run([one.plan for one in shortlist(some, float(less), NEAR)])
                if any(self._beyond(one) >= 0.0 for one in tried):
                    return float(less)
                if not tried:
                    break
                # so that dearer ones are of interest to the search
                self._lacking |= {one.candidate.plan for one in tried}
        return reserve

    def _choose(self, some: list[Candidate], reserve: float, turn: int) -> Trial | None:
        """Return the plan of least burden that has enough to spare in its trial."""
        self._say("trying the best under a few draws")
        hopeful = [one for one in some if not self._fell_short(one.plan)]
        near = NEAR / (1.0 + 3.0 * turn)
        self.trials.run([one.plan for one in shortlist(hopeful, reserve, near)])
        for less in (near, 0.0):
            start = self._cheapest(less)
            looks = 0 if start is None else _looks(start.candidate.plan) // (1 + turn)
            if start is None or not looks:
                continue
            self._say("refining")
            self.refiner.refine(start, self.extra(start.candidate.plan), looks)
            best = self._rounded(self._cheapest() or start)
            if (
                self._beyond(best) >= 0.0
                and best.candidate.burden <= DEAREST * start.candidate.burden
            ):
                return best
        last = self._cheapest()
        return last and self._rounded(last)

    def _rounded(self, trial: Trial) -> Trial:
        """Return a plan in round numbers, where these do as well."""
        return self.refiner.round(trial, self.extra(trial.candidate.plan)) or trial

    def _lacks(self, plan: Prescription) -> bool:
        """Say whether a plan fell short, or lacked something when fewer placements were tried."""
        return plan in self._lacking or self._fell_short(plan)

    def _fell_short(self, plan: Prescription) -> bool:
        """Say whether a plan, or the same with more energy, was judged to fall short.

        Of several placements, which take minutes to judge, one that is nearly the same will do.
        """
        energy = plan.energy_per_fibre
        apart = ALIKE if len(plan.placements) > 1 else 0.0
        return any(
            not one.is_reached
            and energy <= one.best.plan.energy_per_fibre
            and with_energy(one.best.plan, energy).is_near(plan, apart)
            for one in self.judge.judged
        )

    def _cheapest(self, less: float = 0.0) -> Trial | None:
        """Return the cheapest trial that is enough, or less so by a length [m].

        Else the one that comes nearest; none that was found to fall short.
        """
        tried = [one for one in self.trials.trials if not self._fell_short(one.candidate.plan)]
        enough = [one for one in tried if self._beyond(one) >= -less]
        if enough:
            return min(enough, key=lambda one: one.candidate.burden)
        return max(tried, key=self._beyond, default=None)

    def _rounds(self) -> int:
        known = [one.plan.illuminations for one in self.bench.candidates]
        few = min(known, default=1)
        return ROUNDS if few <= 12 else 5 if few <= 40 else 2


def _looks(plan: Prescription) -> int:
    """Return how many plans refining may try: none of several placements, which take long."""
    return 8 if len(plan.placements) == 1 else 0


def _unlike(one: Prescription, other: Prescription) -> tuple[bool, float, float]:
    """Return how different two layouts of several placements are, for comparing."""
    apart = abs(one.spacing - other.spacing)
    apart += abs(one.placements[0].pull_back - other.placements[0].pull_back)
    energy = abs(one.energy_per_fibre - other.energy_per_fibre)
    return one.pattern != other.pattern, apart, energy
