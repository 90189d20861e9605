"""One tab of the planning page: what it holds, and what happens when something is moved.

Runs in a process of its own (see :mod:`ablsim.app.front`), so tabs share nothing.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from trame.app import get_server

from ablsim.app import jobs
from ablsim.app.answer import Answer, Moment, Refusal
from ablsim.app.child import Child
from ablsim.app.design import LARGEST_FILE, OWN, Design
from ablsim.app.layout import PLACES, TITLE, Handlers, build
from ablsim.app.scene import Scene, key_of
from ablsim.app.solve import work
from ablsim.case_text import write_toml
from ablsim.errors import AblsimError, CaseError
from ablsim.uncertainty.factors import writable
from ablsim.view.camera import Camera

SETTINGS = tuple(field.name for field in fields(Design) if field.name != "base")
"""What the sliders say."""

GRACE = 120.0
"""How long a page without a tab and without work waits for one to come back [s]."""


class Page:
    """One tab.

    Parameters
    ----------
    folder : Path
        Where full runs are stored.
    case : Path, optional
        What it begins with.
    tell : callable
        Hears where it listens (``port``), and whether a job runs (``working``).
    """

    def __init__(
        self, folder: Path, case: Path | None, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._folder, self._tell = folder, tell
        self._designs = {PLACES[0]: Design()}
        self._answers: dict[str, Answer] = {}
        self._moments: dict[str, dict[int, Moment]] = {place: {} for place in PLACES}
        self._scenes = {place: Scene() for place in PLACES}
        self._reports: dict[str, tuple[Design, Path]] = {}
        self._job: Child | None = None
        self._job_design: Design | None = None
        self._clients = 0
        self._solver: Child | None = None
        self.server = get_server("ablsim")
        self.server.client_type = "vue3"
        self._set_up_state()
        if case is not None:
            self._designs["A"] = Design.from_text(
                case.read_text(encoding="utf-8"), case.name, str(case.parent)
            )
        self._show_settings()
        handlers = Handlers(
            look=self._look, forget_case=self._forget_case,
            start_run=self._start_run, start_plan=self._start_plan, cancel=self._cancel,
            save=self._save, report=self._report,
        )  # fmt: skip
        self._views = build(self.server, self._scenes, handlers)
        self._watch()

    async def serve(self, secret: str) -> None:
        """Serve until nobody is there any more."""
        controller = self.server.controller
        controller.on_client_connected.add(self._enter)
        controller.on_client_exited.add(self._leave)
        self._solver = Child(work, (), on_message=self._hear, on_end=self._lose_solver)
        self._solve(PLACES[0])
        controller.on_server_ready.add(lambda **_: self._tell({"port": self.server.port}))
        # trame takes it from nowhere else
        os.environ["TRAME_ARGS"] = f"--server --authKey {secret}"
        await self.server.start(
            port=0, host="127.0.0.1", exec_mode="coroutine", open_browser=False,
            show_connection_info=False, timeout=0, thread=True,
        )  # fmt: skip

    # what the page holds

    def _set_up_state(self) -> None:
        state = self.server.state
        state.trame__title = TITLE
        state.place = PLACES[0]
        state.compare = False
        state.base_title = ""
        state.figures = []
        state.legend = []
        state.first, state.last, state.step, state.time = 0, 0, 1, 0
        state.upload = None
        state.message = ""
        state.report_ready = False
        state.probability = 0.9
        state.job_kind, state.job_words, state.job_share, state.sheet = "", "", -1.0, ""
        for place in PLACES:
            state[f"busy_{place}"] = place == PLACES[0]
            state[f"refusal_{place}"] = ""
            state[f"verdict_{place}"] = ""

    @property
    def _place(self) -> str:
        """The layout that the sliders belong to."""
        return str(self.server.state.place)

    @property
    def _visible(self) -> tuple[str, ...]:
        return PLACES if self.server.state.compare else (self._place,)

    def _show_settings(self) -> None:
        """Put the sliders where the layout has them."""
        design = self._designs[self._place]
        self.server.state.update(design.settings())
        base = design.base
        self.server.state.base_title = "" if base is None else base.title
        self.server.state.report_ready = self._ready_report() is not None

    def _watch(self) -> None:
        state = self.server.state
        state.change(*SETTINGS)(self._change_design)
        state.change("place")(self._change_place)
        state.change("compare")(self._change_compare)
        state.change("time")(self._change_time)
        state.change("legend")(self._reveal)
        state.change("upload")(self._load)

    # what is moved and pressed

    def _change_design(self, **state: Any) -> None:
        said = {name: state[name] for name in SETTINGS}
        said["illuminations"] = int(said["illuminations"])
        design = self._designs[self._place].changed(**said)
        if design == self._designs[self._place]:
            return
        self._take(design)

    def _take(self, design: Design) -> None:
        """Make a design that of the layout, and ask what it comes to."""
        self._designs[self._place] = design
        self._show_settings()
        self._solve(self._place)

    def _solve(self, place: str) -> None:
        if self._solver is None:
            return
        self.server.state[f"busy_{place}"] = True
        self._moments[place] = {}
        self._solver.send((place, self._designs[place]))

    def _change_place(self, **_: Any) -> None:
        self._show_settings()
        self._show_times()
        self._show_figures()

    def _change_compare(self, compare: bool, **_: Any) -> None:
        """Begin a comparison with two layouts that are alike, and end it with the first."""
        if not compare:
            self.server.state.place = PLACES[0]
        elif PLACES[1] not in self._designs:
            self._designs[PLACES[1]] = self._designs[PLACES[0]]
            self._solve(PLACES[1])
        self._show_times()
        self._show_figures()

    def _change_time(self, time: float, **_: Any) -> None:
        for place in self._visible:
            self._show_moment(place, float(time))

    def _reveal(self, legend: list[dict[str, Any]], **_: Any) -> None:
        shown = {one["key"]: bool(one["shown"]) for one in legend}
        for place, scene in self._scenes.items():
            scene.reveal(shown)
            self._views[place].update()

    def _look(self, name: str) -> None:
        for place in self._visible:
            if answer := self._answers.get(place):
                self._scenes[place].look(answer.camera, name)
                self._views[place].push_camera()

    def _load(self, upload: Any, **_: Any) -> None:
        """Take a case that was uploaded, or say what is wrong with it."""
        file = upload[0] if isinstance(upload, list) and upload else upload
        if not file:
            return
        name = str(file["name"])
        try:
            if int(file["size"]) > LARGEST_FILE:
                msg = f"{name}: has {file['size']} bytes; a case file has at most {LARGEST_FILE}"
                raise CaseError(msg)
            content = file["content"]
            raw = content if isinstance(content, bytes) else b"".join(content)
            design = Design.from_text(raw.decode("utf-8"), name)
            design.coarse_case()
        except UnicodeDecodeError as error:
            self._say(f"{name}: is not UTF-8 text (byte {error.start}); choose a case file (TOML)")
        except AblsimError as error:
            self._say(str(error))
        else:
            self._say("")
            self._take(design)
        self.server.state.upload = None

    def _forget_case(self) -> None:
        """Go back to a sphere on sliders."""
        design = self._designs[self._place]
        pattern = Design().pattern if design.pattern == OWN else design.pattern
        self._take(design.changed(base=None, pattern=pattern))

    def _save(self) -> str:
        try:
            return self._designs[self._place].to_text()
        except CaseError as error:
            self._say(str(error))
            return f"# {error}\n"

    def _ready_report(self) -> Path | None:
        """Return the report of the layout as it is now, if it was run."""
        design, path = self._reports.get(self._place, (None, Path()))
        return path if design == self._designs[self._place] else None

    def _report(self) -> bytes:
        path = self._ready_report()
        return b"" if path is None else path.read_bytes()

    def _say(self, words: str) -> None:
        self.server.state.message = words

    # what runs in the background

    def _start_run(self) -> None:
        try:
            text = self._designs[self._place].to_text()
        except CaseError as error:
            self._say(str(error))
            return
        self._start("full run", jobs.run, (self._place, text, self._folder))

    def _start_plan(self) -> None:
        try:
            text = write_toml(writable(self._designs[self._place].patient()))
        except CaseError as error:
            self._say(str(error))
            return
        chance = float(self.server.state.probability)
        self._start("plan", jobs.plan, (self._place, text, chance, self._folder / "plans"))

    def _start(self, kind: str, what: Any, arguments: tuple[Any, ...]) -> None:
        if self._job is not None:
            return
        state = self.server.state
        state.job_kind, state.job_words, state.job_share, state.sheet = kind, "starting", -1.0, ""
        self._job_design = self._designs[self._place]
        job = Child(what, arguments, on_message=self._hear, on_end=lambda: self._end_job(job))
        self._job = job
        self._tell({"working": True})

    def _cancel(self) -> None:
        if self._job is not None:
            self.server.state.job_words = "being cancelled"
            self._job.stop()

    def _end_job(self, job: Child) -> None:
        """Say how a job ended, if it did not say so itself."""
        if self._job is job:
            with self.server.state as state:
                asked = state.job_words == "being cancelled"
                self._finish("cancelled" if asked else "ended by itself")
        self._end_if_alone()

    # what is heard

    def _hear(self, message: object) -> None:
        with self.server.state as state:
            match message:
                case Answer():
                    self._show_answer(message)
                case Moment():
                    self._moments[message.place][message.number] = message
                case Refusal(place, reason):
                    state[f"busy_{place}"] = False
                    state[f"refusal_{place}"] = reason
                case jobs.Progress(share, words):
                    if state.job_words != "being cancelled":
                        state.job_share, state.job_words = share, words
                case jobs.RunDone(place, result, report, remark):
                    if self._job_design is not None:
                        self._reports[place] = (self._job_design, report)
                    words = f"is stored as {result}, its report as {report}"
                    self._finish(f"{words}. {remark}" if remark else words)
                case jobs.PlanDone(place, text, sheet, is_feasible):
                    state.sheet = sheet
                    self._finish("is there" if is_feasible else "does not exist; the nearest one:")
                    self._adopt(place, text)
                case jobs.Failure(reason):
                    self._finish(f"could not be finished: {reason}" if reason else "cancelled")
            state.report_ready = self._ready_report() is not None

    def _finish(self, words: str) -> None:
        state = self.server.state
        state.job_words = f"{state.job_kind}: {words}"
        state.job_kind = ""
        self._job = None
        self._tell({"working": False})

    def _adopt(self, place: str, text: str) -> None:
        """Lay a plan into a layout."""
        self._designs[place] = Design.from_text(text, "the plan")
        if place == self._place:
            self._show_settings()
        self._solve(place)

    def _lose_solver(self) -> None:
        with self.server.state:
            self._say("the solver has ended by itself; reload the page, or start ablsim app anew")

    def _show_answer(self, answer: Answer) -> None:
        place, state = answer.place, self.server.state
        before = self._answers.get(place)
        is_other = before is None or _is_other_size(before.camera, answer.camera)
        self._answers[place] = answer
        self._moments[place] = {len(answer.times) - 1: Moment(place, -1, answer.moving)}
        scene = self._scenes[place]
        scene.show(answer.still, answer.moving)
        self._show_legend()
        scene.reveal({one["key"]: one["shown"] for one in state.legend})
        state[f"busy_{place}"] = False
        state[f"refusal_{place}"] = ""
        state[f"verdict_{place}"] = answer.verdict
        if is_other:
            scene.look(answer.camera)
        self._views[place].update()
        if is_other:
            self._views[place].push_camera()
        self._show_times()
        self._show_figures()

    def _show_legend(self) -> None:
        state = self.server.state
        before = {one["key"]: one["shown"] for one in state.legend}
        legend = {}
        for place in PLACES:
            if answer := self._answers.get(place):
                for layer in (*answer.moving, *answer.still):
                    key = key_of(layer)
                    shown = before.get(key, layer.shown)
                    legend[key] = {"key": key, "colour": layer.colour, "shown": shown}
        state.legend = list(legend.values())

    def _show_times(self) -> None:
        """Set the slider of time to the end of what is shown."""
        state = self.server.state
        times = [self._answers[p].times for p in self._visible if p in self._answers]
        if not times:
            return
        state.first = min(round(t[0]) for t in times)
        state.last = max(round(t[-1]) for t in times)
        state.step = max(1, min(round(t[1] - t[0]) if len(t) > 1 else 1 for t in times))
        state.time = state.last

    def _show_moment(self, place: str, time: float) -> None:
        answer = self._answers.get(place)
        if answer is None:
            return
        number = sum(one <= time + 0.5 for one in answer.times) - 1
        moment = self._moments[place].get(max(number, 0))
        if moment is None:  # not here yet
            return
        self._scenes[place].move(moment.moving)
        legend = {one["key"]: one["shown"] for one in self.server.state.legend}
        self._scenes[place].reveal(legend)
        self._views[place].update()

    def _show_figures(self) -> None:
        columns = [dict(self._answers[p].rows) if p in self._answers else {} for p in PLACES]
        names = dict.fromkeys(name for column in columns for name in column)
        self.server.state.figures = [
            [name, *(column.get(name, "") for column in columns)] for name in names
        ]

    # who is there

    def _enter(self, *_: Any, **__: Any) -> None:
        self._clients += 1

    def _leave(self, *_: Any, **__: Any) -> None:
        self._clients -= 1
        self._end_if_alone()

    def _end_if_alone(self) -> None:
        """End the page some time after its tab was closed, unless work is going on for it."""

        def end() -> None:
            if self._clients <= 0 and self._job is None:
                os._exit(0)

        if self._clients <= 0 and self._job is None:
            asyncio.get_running_loop().call_later(GRACE, end)


def _is_other_size(before: Camera, now: Camera) -> bool:
    """Say whether what was seen before is far from filling the view now, or does not fit."""
    return not 0.75 < now.half_height / before.half_height < 1.02
