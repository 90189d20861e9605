"""The posterior by ensemble sampling, and whether it can be believed.

All numbers that are sampled are standard normal a priori (`ablsim.calibration.parameters`), so the
sampler sees one scale. Two ensembles start independently from the prior; a result counts as
converged only if both are longer than fifty autocorrelation times and agree with each other and
with themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AUTOCORRELATION_TIMES = 50.0
"""Chains shorter than this many autocorrelation times say nothing certain."""

SPLIT_RHAT = 1.02
"""Halves of the two ensembles may differ by so much more than within themselves."""

BURN_IN = 10.0
"""Autocorrelation times that are forgotten at the start."""

FloatArray = NDArray[np.float64]
LogDensity = Callable[[FloatArray], FloatArray]
OnSteps = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What tells whether a sample can be believed.

    Parameters
    ----------
    walkers, steps : int
        Of each of the two ensembles; steps after the burn-in.
    acceptance : float
        Share of the moves that were accepted.
    autocorrelation_time : float
        The longest one of all parameters, in steps.
    effective_size : float
        Independent draws that the sample is worth, for the worst parameter.
    split_rhat : float
        Spread over the halves of both ensembles together over that within one, the largest of all
        parameters; 1 where they agree.
    seed : int
        Seed of the first ensemble; the second has the next one.
    """

    walkers: int
    steps: int
    acceptance: float
    autocorrelation_time: float
    effective_size: float
    split_rhat: float
    seed: int

    @property
    def is_converged(self) -> bool:
        """Whether both ensembles are long enough, and agree."""
        long_enough = self.steps >= AUTOCORRELATION_TIMES * self.autocorrelation_time
        return bool(long_enough and self.split_rhat <= SPLIT_RHAT)

    @property
    def verdict(self) -> str:
        """In words: converged, or what is missing."""
        if self.is_converged:
            return "converged"
        if self.split_rhat > SPLIT_RHAT:
            return f"not converged: split R-hat {self.split_rhat:.3f} is above {SPLIT_RHAT:g}"
        times = self.steps / self.autocorrelation_time
        return (
            f"not converged: the chains are {times:.0f} autocorrelation times long, and "
            f"{AUTOCORRELATION_TIMES:.0f} are needed"
        )


def sample(
    log_density: LogDensity,
    dimensions: int,
    *,
    seed: int,
    n_walkers: int = 64,
    chunk: int = 1000,
    steps_max: int = 20_000,
    on_steps: OnSteps | None = None,
) -> tuple[FloatArray, Diagnostics]:
    """Draw from a density, until the chains are long enough or ``steps_max`` is reached.

    Parameters
    ----------
    log_density : callable
        From points of shape (n, dimensions) to the logarithm of the density, up to a constant, of
        shape (n,); -inf where it is zero.
    dimensions : int
        How many numbers a point has.
    seed : int
        Of all random numbers.
    n_walkers : int
        Walkers of each of the two ensembles.
    chunk : int
        Steps between two looks at the autocorrelation.
    steps_max : int
        Where to give up.
    on_steps : callable, optional
        Called after each chunk with the steps done and ``steps_max``.

    Returns
    -------
    ndarray of float64, shape (n, dimensions)
        What is left after the burn-in, of both ensembles.
    Diagnostics
        Whether it can be believed.
    """
    ensembles = [_Ensemble(log_density, dimensions, n_walkers, seed + i) for i in range(2)]
    found: Diagnostics | None = None
    kept: list[FloatArray] = []
    done = 0
    while done < steps_max:
        for ensemble in ensembles:
            ensemble.go_on(min(chunk, steps_max - done))
        done += min(chunk, steps_max - done)
        if on_steps is not None:
            on_steps(done, steps_max)
        kept, found = _diagnose(ensembles, done, seed)
        if found.is_converged:
            break
    if found is None:
        msg = "steps_max must be above 0"
        raise ValueError(msg)
    return np.concatenate([chain.reshape(-1, dimensions) for chain in kept]), found


class _Ensemble:
    """Walkers that move along the lines between each other."""

    def __init__(self, log_density: LogDensity, dimensions: int, n_walkers: int, seed: int) -> None:
        import emcee

        random = np.random.RandomState(seed)  # what emcee goes on with
        self._state = emcee.State(
            _start(log_density, dimensions, n_walkers, random), random_state=random.get_state()
        )
        self._sampler = emcee.EnsembleSampler(
            n_walkers,
            dimensions,
            log_density,
            vectorize=True,
            moves=[(emcee.moves.DEMove(), 0.8), (emcee.moves.StretchMove(), 0.2)],
        )

    def go_on(self, steps: int) -> None:
        self._state = self._sampler.run_mcmc(self._state, steps, skip_initial_state_check=True)

    @property
    def chain(self) -> FloatArray:
        """All steps, shape (n_steps, n_walkers, n_dimensions)."""
        return np.asarray(self._sampler.get_chain())

    @property
    def acceptance(self) -> float:
        return float(np.mean(self._sampler.acceptance_fraction))


def _start(
    log_density: LogDensity,
    dimensions: int,
    n_walkers: int,
    random: np.random.RandomState,
) -> FloatArray:
    """Return starting points from the prior at which the density is not zero."""
    points = np.empty((0, dimensions))
    for _ in range(1000):
        drawn = random.standard_normal((n_walkers, dimensions))
        points = np.concatenate([points, drawn[np.isfinite(log_density(drawn))]])
        if len(points) >= n_walkers:
            return points[:n_walkers]
    msg = "the density is zero nearly everywhere that the prior reaches"
    raise ValueError(msg)


def _diagnose(
    ensembles: list[_Ensemble], done: int, seed: int
) -> tuple[list[FloatArray], Diagnostics]:
    """Return the chains without their burn-in, and what they say about themselves."""
    chains = [ensemble.chain for ensemble in ensembles]
    burnt = done // 4
    time = max(autocorrelation_time(chain[burnt:]) for chain in chains)
    burnt = min(done // 2, max(done // 10, int(BURN_IN * time)))
    kept = [chain[burnt:] for chain in chains]
    time = max(autocorrelation_time(chain) for chain in kept)
    _, walkers, _ = kept[0].shape
    return kept, Diagnostics(
        walkers=walkers,
        steps=len(kept[0]),
        acceptance=float(np.mean([ensemble.acceptance for ensemble in ensembles])),
        autocorrelation_time=time,
        effective_size=len(kept) * len(kept[0]) * walkers / time,
        split_rhat=split_rhat(kept),
        seed=seed,
    )


def autocorrelation_time(chain: FloatArray) -> float:
    """Return the longest integrated autocorrelation time of a chain's parameters [steps]."""
    from emcee.autocorr import integrated_time

    with np.errstate(all="ignore"):
        times = integrated_time(chain, tol=0, quiet=True)
    return float(np.max(np.maximum(times, 1.0)))


def split_rhat(chains: list[FloatArray]) -> float:
    """Return the potential scale reduction between the halves of several ensembles.

    Every half is one sequence with all its walkers in it; sequences of shape
    (n_steps, n_walkers, n_dimensions).
    """
    halves = [half for chain in chains for half in np.array_split(chain, 2)]
    pooled = [half.reshape(-1, half.shape[-1]) for half in halves]
    within = np.mean([half.var(axis=0, ddof=1) for half in pooled], axis=0)
    between = np.var([half.mean(axis=0) for half in pooled], axis=0, ddof=1)
    return float(np.max(np.sqrt(1.0 + between / within)))


def thin(points: FloatArray, n: int, seed: int) -> FloatArray:
    """Return n of the points, without one twice, or all if there are fewer."""
    chosen = np.random.default_rng(seed).permutation(len(points))[:n]
    return np.asarray(points[chosen])
