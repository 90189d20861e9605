"""What stands where on the planning page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v3
from trame.widgets.vtk import VtkLocalView

from ablsim.app.design import OWN, PATTERNS
from ablsim.app.scene import Scene

PLACES = ("A", "B")
"""Names of the two layouts."""

TITLE = "ablsim planning page"
DISCLAIMER = "Research software. Not for clinical decisions."

_TUMOURS = ("net_metastasis", "colorectal_metastasis", "hcc")
_PERFUSIONS = ("normal", "hypovascular", "embolised", "none")
_PATTERNS = {"single": "1 fibre", "line": "2 fibres", "triangle": "3 fibres", "square": "4 fibres"}
_VESSELS = (0, 4, 6, 8, 12, 20)

_REFUSED = "(place === 'A' ? !!refusal_A : !!refusal_B)"  # what the sliders say cannot be

_STYLE = """
html { overflow-y: auto; }
.figures td, .figures th { padding: 2px 10px; text-align: right;
  font-variant-numeric: tabular-nums; }
.figures td:first-child, .figures th:first-child { text-align: left; }
.figures th { font-weight: 600; }
.scene { position: relative; height: 58vh; min-height: 320px; border: 1px solid #ddd; }
.cover { position: absolute; inset: 0; pointer-events: none; padding: 8px 12px; }
.sheet { font: 12px/1.4 monospace; white-space: pre; overflow: auto; max-height: 70vh; }
.v-btn { text-transform: none; letter-spacing: normal; }
.error { white-space: pre-wrap; }
.slider-row { display: flex; justify-content: space-between; font-size: 13px; margin-top: 6px; }
"""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What is done when something is pressed."""

    look: Callable[[str], None]
    forget_case: Callable[[], None]
    start_run: Callable[[], None]
    start_plan: Callable[[], None]
    cancel: Callable[[], None]
    save: Callable[[], str]
    report: Callable[[], bytes]


def build(server: Any, scenes: dict[str, Scene], do: Handlers) -> dict[str, VtkLocalView]:
    """Lay the page out; return the view of each layout."""
    views: dict[str, VtkLocalView] = {}
    server.state.tissues = [{"title": name.replace("_", " "), "value": name} for name in _TUMOURS]
    server.state.perfusions = list(_PERFUSIONS)
    server.state.vessels = [
        {"title": f"{width} mm wide" if width else "none", "value": width} for width in _VESSELS
    ]
    server.state.patterns = [{"title": _PATTERNS[name], "value": name} for name in PATTERNS]
    server.state.own_pattern = {"title": "as in the case", "value": OWN}
    with VAppLayout(server):
        client.Style(_STYLE)
        with v3.VAppBar(density="compact", flat=True, border=True):
            v3.VAppBarTitle(TITLE)
            html.Span(DISCLAIMER, classes="text-caption mr-4")
            v3.VFileInput(
                v_model=("upload", None), accept=".toml", label="load a case", id="load",
                density="compact", hide_details=True, variant="outlined",
                style="max-width: 220px", classes="mr-2", prepend_icon="",
            )  # fmt: skip
            v3.VBtn(
                "save the case", id="save", variant="outlined", classes="mr-2",
                disabled=(_REFUSED,),
                click=(
                    f"utils.download('case.toml', trigger('{server.trigger_name(do.save)}'), "
                    "'text/plain')"
                ),
            )  # fmt: skip
            v3.VBtn(
                "download the report", id="report", variant="outlined",
                disabled=("!report_ready",),
                click=(
                    "utils.download('report.html', "
                    f"trigger('{server.trigger_name(do.report)}'), 'text/html')"
                ),
            )  # fmt: skip
        with v3.VNavigationDrawer(permanent=True, width=330):
            with v3.VContainer(classes="py-2"):
                _controls(do)
        with v3.VMain(), v3.VContainer(fluid=True):
            v3.VAlert(
                "{{ message }}", v_if=("message",), type="warning", closable=True, id="message",
                classes="error mb-2", density="compact",
                update_modelValue="message = ''",
            )  # fmt: skip
            with v3.VRow(dense=True):
                for place in PLACES:
                    views[place] = _view(place, scenes[place])
                with v3.VCol(cols=("compare ? 12 : 4",), order=("compare ? 12 : 2",)):
                    _figures()
                with v3.VCol(cols=12, order=3):
                    _times(do)
            _job(do)
    return views


def _controls(do: Handlers) -> None:
    with v3.VBtnToggle(
        v_model=("place",), mandatory=True, density="compact", v_if=("compare",), divided=True,
        classes="mb-2", variant="outlined",
    ):  # fmt: skip
        for place in PLACES:
            v3.VBtn(f"layout {place}", value=place, id=f"place-{place}")
    v3.VSwitch(
        v_model=("compare",), label="two layouts side by side", density="compact",
        hide_details=True, id="compare", color="primary",
    )  # fmt: skip
    _heading("Tumour")
    with v3.VChip(
        v_if=("base_title",), closable=True, id="base", click_close=do.forget_case, classes="mb-1"
    ):
        html.Span("{{ base_title }}")
    _slider("diameter", "diameter", "mm", 8, 120, 1, unless="base_title")
    _select("tissue", "tissue", "tissues")
    _select("perfusion", "perfusion", "perfusions")
    _slider("margin", "margin asked for", "mm", 0, 15, 1)
    _select("vessel", "vessel beside it", "vessels", unless="base_title")
    _slider("gap", "from tumour to its wall", "mm", 0, 20, 1, unless="base_title || !vessel")
    _heading("Fibres")
    v3.VSelect(
        v_model=("pattern",), label="pattern", density="compact", hide_details=True, id="pattern",
        items=("base_title ? [own_pattern, ...patterns] : patterns",),
    )  # fmt: skip
    own = f"pattern == '{OWN}'"
    _slider("spacing", "spacing", "mm", 8, 30, 0.5, unless=f"{own} || pattern == 'single'")
    _slider("power", "power of each", "W", 2, 10, 0.5, unless=own)
    _slider("energy", "energy of each, per illumination", "J", 300, 3000, 50, unless=own)
    _slider("illuminations", "illuminations", "", 1, 6, 1, unless=own)
    _slider("pull_back", "pull-back", "mm", 4, 25, 1, unless=f"{own} || illuminations < 2")
    v3.VSwitch(
        v_model=("together",), label="fire together", density="compact", hide_details=True,
        v_if=(f"!({own}) && pattern != 'single'",), id="together", color="primary",
    )  # fmt: skip
    _heading("In the background")
    v3.VBtn(
        "full run", id="run", click=do.start_run, block=True, variant="outlined", classes="mb-2",
        disabled=(f"!!job_kind || {_REFUSED}",),
    )  # fmt: skip
    with html.Div(classes="d-flex align-center"):
        v3.VBtn(
            "plan for", id="plan", click=do.start_plan, variant="outlined",
            disabled=("!!job_kind",), classes="mr-2",
        )  # fmt: skip
        v3.VSelect(
            v_model=("probability",), density="compact", hide_details=True, id="probability",
            items=("[{title: '80 % complete', value: 0.8}, {title: '90 % complete', value: 0.9},"
                   "{title: '95 % complete', value: 0.95}]",),
        )  # fmt: skip


def _heading(words: str) -> None:
    html.Div(words, classes="text-subtitle-2 mt-3 mb-1")


def _slider(
    key: str, words: str, unit: str, low: float, high: float, step: float, *, unless: str = ""
) -> None:
    with html.Div(v_if=(f"!({unless})",) if unless else ("true",)):
        with html.Div(classes="slider-row"):
            html.Span(words)
            html.Span(f"{{{{ {key} }}}} {unit}", id=f"{key}-value")
        v3.VSlider(
            v_model=(key,), min=low, max=high, step=step, density="compact", hide_details=True,
            id=key, color="primary",
            **{"aria-label": words},
        )  # fmt: skip


def _select(key: str, words: str, items: str, *, unless: str = "") -> None:
    v3.VSelect(
        v_model=(key,), label=words, items=(items,), density="compact", hide_details=True, id=key,
        v_if=(f"!({unless})",) if unless else ("true",), classes="mt-2",
    )  # fmt: skip


def _view(place: str, scene: Scene) -> VtkLocalView:
    with v3.VCol(v_show=(f"compare || place == '{place}'",), cols=("compare ? 6 : 8",), order=1):
        with html.Div(classes="scene", id=f"scene-{place}"):
            view = VtkLocalView(scene.window, ref=f"view_{place}")
            with html.Div(classes="cover"):
                html.Div(f"layout {place}", v_if=("compare",), classes="text-subtitle-2")
                v3.VProgressCircular(
                    indeterminate=True, v_if=(f"busy_{place}",), size=22, id=f"busy-{place}"
                )
                html.Div(
                    f"{{{{ refusal_{place} }}}}", v_if=(f"refusal_{place}",), id=f"refusal-{place}",
                    classes="error text-red-darken-3",
                )  # fmt: skip
        html.Div(f"{{{{ verdict_{place} }}}}", id=f"verdict-{place}", classes="text-body-2 mt-1")
    return view


def _times(do: Handlers) -> None:
    with html.Div(classes="d-flex align-center mt-1", v_if=("last > 0",)):
        v3.VSlider(
            v_model=("time",), min=("first",), max=("last",), step=("step",), density="compact",
            hide_details=True, id="time", color="primary", **{"aria-label": "time"},
        )  # fmt: skip
        html.Span("at {{ time }} s", id="time-value", classes="ml-3", style="min-width: 7em")
        for name in ("oblique", "front", "left", "feet"):
            v3.VBtn(
                name, id=f"look-{name}", size="small", variant="text",
                click=(do.look, f"['{name}']"),
            )  # fmt: skip
    with html.Div(classes="d-flex flex-wrap"):
        with html.Label(
            v_for=("layer in legend",), key="layer.key", classes="mr-4 text-caption",
            style="cursor: pointer",
        ):  # fmt: skip
            html.Input(
                type="checkbox", v_model="layer.shown", change="flushState('legend')",
                id=("'layer-' + layer.key",),
            )  # fmt: skip
            html.Span(
                style=("`display:inline-block;width:.8em;height:.8em;margin:0 .3em;"
                       "border:1px solid #999;background:${layer.colour}`",),
            )  # fmt: skip
            html.Span("{{ layer.key }}")


def _figures() -> None:
    with html.Table(classes="figures mt-2 text-body-2", id="figures"):
        with html.Tr(v_if=("compare",)):
            html.Th("")
            for place in PLACES:
                html.Th(f"layout {place}")
        with html.Tr(v_for=("row in figures",), key="row[0]"):
            html.Td("{{ row[0] }}")
            html.Td("{{ row[1] }}", v_if=("compare || place == 'A'",))
            html.Td("{{ row[2] }}", v_if=("compare || place == 'B'",))


def _job(do: Handlers) -> None:
    with v3.VCard(v_if=("job_kind || job_words",), classes="mt-3", variant="outlined", id="job"):
        with v3.VCardText():
            html.Div("{{ job_kind }} {{ job_words }}", id="job-words", classes="error")
            v3.VProgressLinear(
                v_if=("job_kind",), model_value=("100 * job_share",),
                indeterminate=("job_share < 0",), classes="my-2", height=6, color="primary",
            )  # fmt: skip
            v3.VBtn("cancel", v_if=("job_kind",), click=do.cancel, id="cancel", size="small")
            v3.VBtn("close", v_if=("!job_kind",), click="job_words = ''; sheet = ''", size="small")
            html.Div("{{ sheet }}", v_if=("sheet",), classes="sheet mt-2", id="sheet")
