"""Settling: as much energy as a plan takes for the probability that was asked for, and no more."""

from collections.abc import Callable

import numpy as np

from ablsim.planning.drafts import with_energy
from ablsim.planning.evaluation import RADIUS_OF_ONE
from ablsim.planning.judgement import TOLERANCE, Found, Judge, Say, is_better
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.trials import Trials

CLOSE = 0.02
"""How far above the demand a probability may be before a cheaper plan is looked for."""

SETTLING = 2
"""Most times that a plan is judged anew with other energy."""

AMPLE = 0.1e-3
"""Reserve beyond the demand that is aimed at, lest the next draws fall short of it [m]."""

FURTHEST = 1.35
"""Factor by which energy changes at most before a plan is judged or tried anew."""

BEYOND = 0.3e-3
"""What all the energy must be said to lack for it not to be judged while others are left [m] ..."""

FAR = 0.7e-3
"""... and for it not to be judged at all: within that, trials may be wrong [m]."""


class Settler:
    """Settles the energy of one subject's plans.

    Parameters
    ----------
    request : Request
        What is asked.
    judge : Judge
        Judges plans.
    trials : Trials
        Tries plans.
    learn : callable
        Takes each plan that is settled on, before what trials of it say is believed.
    say : callable
        Told in a few words what is done.
    """

    def __init__(
        self,
        request: Request,
        judge: Judge,
        trials: Trials,
        learn: Callable[[Found], None],
        say: Say,
    ) -> None:
        self._request = request
        self._judge = judge
        self._trials = trials
        self._learn = learn
        self._say = say
        self.left: list[Prescription] = []
        """Plans with all the energy that is allowed, left unjudged though they may be enough."""

    def settle(self, found: Found, *, others_left: bool = False) -> Found:
        """Return a plan with as much energy as the demand takes, no more and no less.

        How much a little energy is worth is tried; then the plan with the energy that this says is
        judged, and again, until the probability is that asked for. The nearest is returned where
        the energy that it takes is not allowed; while there are ``others_left`` to look at, one
        that would not come near with all that is allowed is left as it is, and kept in ``left`` if
        it lacks little.
        """
        best, before = found, None
        for _ in range(SETTLING):
            if self._is_close(found):
                break
            self._say("as much energy as it takes")
            self._learn(found)
            slope = self._slope(found, before)
            if slope is None:
                break
            plan, energies = found.best.plan, self._request.energies
            energy = plan.energy_per_fibre
            spare = self._judge.spare(found)
            utmost = spare + slope * (energies.high - energy)
            if others_left and utmost < -BEYOND:
                if utmost >= -FAR and energy < energies.high:
                    self.left.append(with_energy(plan, energies.high))
                break
            wanted = energy - (spare - AMPLE) / slope
            wanted = min(max(wanted, energy / FURTHEST), energy * FURTHEST)
            wanted = energies.at_least(round(wanted, -1)) or energies.high
            trial = self._trials.run([with_energy(plan, wanted)])
            if not trial or wanted == energy or self._judge.has_judged(trial[0].candidate):
                break
            before, found = found, self._judge.assess(trial[0], found.required)
            best = found if is_better(found, best) else best
        return best

    def _is_close(self, found: Found) -> bool:
        """Say whether a plan has the probability asked for, and not much more.

        Each judgement of several placements takes minutes: for these, what their draws cannot tell
        from the demand will do.
        """
        chance = found.probability.complete
        close = CLOSE
        if len(found.best.plan.placements) > 1:
            close = max(CLOSE, chance.value - chance.low)
        return -TOLERANCE <= chance.value - self._request.probability <= close

    def _slope(self, found: Found, before: Found | None) -> float | None:
        """Return what a joule more of each fibre spares [m/J], as judged or else as tried."""
        plan, energies = found.best.plan, self._request.energies
        energy = plan.energy_per_fibre
        if before is not None:
            more = energy - before.best.plan.energy_per_fibre
            slope = (self._judge.spare(found) - self._judge.spare(before)) / more
            if slope > 0.0:
                return slope
        falls_short = found.probability.complete.value < self._request.probability
        aside = energies.nearest(energy * (1.1 if falls_short else 0.91))
        pair = self._trials.run([plan, with_energy(plan, aside)])
        if len(pair) < 2 or aside == energy:
            return None
        slope = (pair[1].spare - pair[0].spare) / (aside - energy)
        if slope > 0.0:
            return slope
        # coarse cells may hide what a little energy does: a zone grows as the cube root of it
        shots = plan.energy / energy
        radius = RADIUS_OF_ONE * np.cbrt(found.best.outcome.volume / shots)
        return float(radius / (3.0 * energy))
