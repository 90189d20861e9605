"""The worker behind the sliders: solves the newest design, and gives up one that is outdated."""

from multiprocessing.connection import Connection

from ablsim.app.answer import Refusal
from ablsim.app.design import Design
from ablsim.app.picture import send_answer
from ablsim.errors import AblsimError
from ablsim.result import Snapshot
from ablsim.simulation import simulate


class OutdatedError(Exception):
    """Something newer was asked meanwhile."""


def work(pipe: Connection) -> None:
    """Answer designs that come through a pipe, with the names of their layouts, until it closes.

    For each there is an `Answer` or a `Refusal`, and then the `Moment` of each of its times. What
    comes for a layout while that one is worked on ends the work at once.
    """
    waiting: dict[str, Design] = {}
    try:
        _warm_up()
        while True:
            _collect(pipe, waiting, wait=not waiting)
            place = next(iter(waiting))
            try:
                _answer(pipe, place, waiting.pop(place), waiting)
            except OutdatedError:
                continue
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # whoever asked has gone


def _warm_up() -> None:
    """Compile, or fetch what was compiled before, while the page is still loading."""
    simulate(Design(diameter=10.0, pattern="single", energy=50.0).coarse_case())


def _collect(pipe: Connection, waiting: dict[str, Design], *, wait: bool) -> None:
    """Take in what was asked; of several for one layout the last counts."""
    while wait or pipe.poll():
        place, design = pipe.recv()
        waiting.pop(place, None)
        waiting[place] = design
        wait = False


def _answer(pipe: Connection, place: str, design: Design, waiting: dict[str, Design]) -> None:
    """Send everything there is to say of a design."""

    def check(*_: object) -> None:
        _collect(pipe, waiting, wait=False)
        if place in waiting:
            raise OutdatedError

    states: list[Snapshot] = []
    try:
        result = simulate(design.coarse_case(), on_snapshot=states.append, on_progress=check)
    except (AblsimError, MemoryError) as error:
        pipe.send(Refusal(place, str(error) or "not enough memory"))
        return
    send_answer(place, result, states, pipe.send, check)
