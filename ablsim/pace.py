"""How long the time steps of a run may be, and which scheme makes them.

Two schemes are at hand: Euler steps no longer than the explicit limit, and super-steps (RKL2) of
any length. Heat changes fast after a switch and ever more slowly after it, so a super-step may be
an eighth of the time since the last switch, up to a cap. In the cool-down `Pace` takes whichever
scheme needs fewer passes over the cells, which is known before the run.

The numbers are measured on one bare fibre at 5 W for 120 s in perfused liver, as the change of a
zone's volume against steps of a quarter of the length or less; the aim is 1 %.

- While firing, tissue boils and dries around the tip, and heat above the cap moves through it; what
  a step freezes of that decides. Super-steps of 1, 2 and 4 s change the zones by 0.4, 1.7 and 6 %
  at 0.5 mm, and those of 0.5 and 1 s by 0.4 and 2 % at 0.25 mm (4 W for 30 s). Small zones move
  more: those of two published lesions of 1 mL on 1 mm cells by 0.6 and 0.9 % with 1 s, by 0.1 and
  0.2 % with 0.5 s. Hence the cap of 0.5 s, shorter in proportion to the cells below 0.5 mm. Dried
  tissue forgets its temperature twice as fast as wet tissue, so that super-steps this short are
  more work than Euler steps, which change the zones by 0.8 % at 1 mm (1.1 % after 60 s, 0.4 %
  after 360 s) and by 0.1 % at 0.5 mm: ``"auto"`` fires with Euler steps.
  What they freeze is perfusion that stops and light that changes, not damage: at 0.5 mm, without
  boiling, steps of 4 s change the zones by 1.9 %, with light as it was at first by 1.5 %, with
  constant perfusion as well by 0.14 %. Damage at the logarithmic mean of a step's end rates makes
  1.9 % of it 1.7 %. With boiling they change them by 6.7 %.
- Nothing boils in the cool-down. Super-steps of 1/8, 1/4 and 1/2 of the time since the laser went
  off change the zones by 0.02, 0.1 and 0.5 % at 0.5 mm. With 1/8, the 240 s after the laser take
  half the passes over the cells that Euler steps take at 0.5 mm, and 0.8 of them at 1 mm.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

from ablsim.heat.super_step import count_stages

TimeStepping = Literal["auto", "euler", "rkl2"]
Phase = Literal["fire", "ramp", "rest"]

GROWTH = 0.125
"""Longest super-step, as a share of the time since the last switch [1] ..."""
FIRST = 0.25
"""... which may always be this long [s] ..."""
FIRING_CAP = 0.5
"""... and is never longer than this [s] while the laser fires, ..."""
FIRING_FINE = 1.5
"""... than the geometric mean of this and the Euler step [s], which bounds it on fine grids, ..."""
RESTING_CAP = 60.0
"""... or than this [s] while it rests."""
RAMP_CAP = 1.0
"""Longest step [s] on a ramp, whatever the case says: each has the mean power of its time."""
SUPER_STEP_WORK = 2.0
"""Work of a super-step beside its stages, in passes over the cells [1]."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long steps may be.

    Parameters
    ----------
    time_stepping : {"auto", "euler", "rkl2"}
        Which schemes may be used.
    euler_step : float
        Longest Euler step [s].
    dry_step : float
        Longest Euler step amid dried tissue [s], by which the stages of a super-step are reckoned.
    longest : float, optional
        Longest step of either scheme [s], in place of the caps above.

    Examples
    --------
    >>> pace = Pace("auto", euler_step=0.7, dry_step=0.2)
    >>> pace.super_step(80.0, "rest"), pace.super_step(80.0, "fire")
    (10.0, 0.5)
    """

    time_stepping: TimeStepping
    euler_step: float
    dry_step: float
    longest: float | None = None

    def super_step(self, since: float, phase: Phase) -> float:
        """Return the longest super-step [s] at a time ``since`` the last switch [s]."""
        firing_cap = min(FIRING_CAP, sqrt(FIRING_FINE * self.euler_step))
        cap = RESTING_CAP if phase == "rest" else firing_cap
        if self.longest is not None:
            cap = self.longest
        if phase == "ramp":
            cap = min(cap, RAMP_CAP)
        return min(cap, max(FIRST, GROWTH * since))

    def euler_until(self, phase: Phase) -> float:
        """Return how long after a switch Euler steps are made before super-steps [s]."""
        if self.time_stepping == "euler" or (self.time_stepping == "auto" and phase != "rest"):
            return inf
        if self.time_stepping == "rkl2":
            return 0.0
        since, cap = 0.0, self.super_step(inf, phase)
        while not self._is_worth(self.super_step(since, phase)):
            if self.super_step(since, phase) == cap:
                return inf
            since += 1.0
        return since

    def _is_worth(self, step: float) -> bool:
        """Say whether a super-step of this length [s] is less work than Euler steps."""
        stages = count_stages(step / min(self.dry_step, self.euler_step))
        return (stages + SUPER_STEP_WORK) * self.euler_step < step
