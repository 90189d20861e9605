"""The planning page as somebody uses it."""

import asyncio
import io
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from ablsim import Case

keys = pytest.importorskip("selenium.webdriver.common.keys")

pytestmark = [pytest.mark.browser, pytest.mark.compiled]

EXAMPLES = Path(__file__).parents[3] / "examples"

PAIRS = 300
HEAR = """
    window.heard = [];
    const socket = new WebSocket(arguments[0]);
    socket.binaryType = 'blob';
    socket.onmessage = async ({data}) => {  // as trame's client reads them
      const first = data.slice(0, 4), rest = data.slice(4);
      const [number] = new Uint32Array(await first.arrayBuffer());
      await rest.arrayBuffer();
      heard.push(number);
    };
"""


@pytest.fixture(scope="module")
def address(serve):
    return serve()[0]


@pytest.fixture
def page(browser, wait_for, address, tmp_path):
    """Give a tab that shows its first picture."""
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    return Tab(browser, wait_for, address, tmp_path)


def differ(one, other):
    """Say whether two pictures are not the same but for roundings."""
    return one.shape != other.shape or float(np.abs(one - other).max()) > 3.0


class Tab:
    """What a user sees and does."""

    def __init__(self, browser, wait_for, address, folder):
        self.browser, self.wait_for, self.folder = browser, wait_for, folder
        browser.get(address)
        self.until("verdict-A")

    def text(self, name):
        return self.browser.execute_script(
            "return (document.getElementById(arguments[0]) || {}).innerText || ''", name
        )

    def until(self, name, words="", *, other_than=None, seconds=120.0):
        """Wait until a part of the page says something, or something else."""
        script = """
            const text = (document.getElementById(arguments[0]) || {}).innerText || '';
            return text && text !== arguments[2] && text.includes(arguments[1]) && text"""
        return self.wait_for(script, name, words, other_than, seconds=seconds)

    def click(self, name):
        self.browser.execute_script("document.getElementById(arguments[0]).click()", name)

    def slide(self, name, *pressed):
        thumb = self.browser.execute_script(
            "return document.getElementById(arguments[0]).closest('.v-slider')"
            ".querySelector('[role=slider]')",
            name,
        )
        thumb.send_keys(*pressed)

    def scene(self, place):
        """Return the picture, once it holds still and nothing is on the way."""
        seen = self._picture(place)
        while True:
            self.wait_for("return trame.state.get('trame__busy') == 0")
            time.sleep(0.5)
            if not differ(seen, now := self._picture(place)):
                return now
            seen = now

    def until_scene(self, place, *, like=None, unlike=None):
        """Wait until the picture is like another, or unlike it."""
        until = time.monotonic() + 60.0
        other = unlike if like is None else like
        while differ(self._picture(place), other) == (like is not None):
            assert time.monotonic() < until
            time.sleep(0.2)

    def _picture(self, place):
        element = self.browser.find_element("id", f"scene-{place}")
        return np.asarray(Image.open(io.BytesIO(element.screenshot_as_png)).convert("L"), float)

    def upload(self, path):
        self.browser.find_element("id", "load").send_keys(str(path))

    def download(self, name):
        until = time.monotonic() + 60.0
        while not (path := self.folder / name).exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        return path


async def send_pairs(request):
    """Send a long message and a short one at once, many times, each with its number before it."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for number in range(0, 2 * PAIRS, 2):
        for one, length in ((number, 300_000), (number + 1, 100)):
            await socket.send_bytes(one.to_bytes(4, "little") + bytes(length))
        await asyncio.sleep(0.005)
    await socket.close()
    return socket


@pytest.fixture
def pairs():
    """Serve pairs of messages; give the port."""
    application = web.Application()
    application.router.add_get("/", send_pairs)
    loop, runner = asyncio.new_event_loop(), web.AppRunner(application)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield runner.addresses[0][1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(runner.cleanup())
    loop.close()


def test_messages_are_heard_in_the_order_of_sending(page, pairs):
    page.browser.execute_script(HEAR, f"ws://127.0.0.1:{pairs}/")
    page.wait_for("return heard.length === arguments[0]", 2 * PAIRS)
    heard = page.browser.execute_script("return heard")
    assert heard == sorted(heard)


def test_a_slider_moves_the_zone(page):
    figures, picture = page.text("figures"), page.scene("A")
    page.slide("energy", keys.Keys.HOME)
    assert page.text("energy-value") == "300 J"
    page.until("figures", "1.2 kJ", other_than=figures)
    page.until_scene("A", unlike=picture)
    assert "± " in page.text("figures")  # what is not known stands beside it
    reached = page.browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).host)"
    )
    assert {name.split(":")[0] for name in reached} == {"127.0.0.1"}
    errors = [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


def test_time_can_be_turned_back(page):
    picture = page.scene("A")
    page.until("time-value", "480 s")
    page.slide("time", keys.Keys.HOME)
    page.until("time-value", "at 40 s")
    page.until_scene("A", unlike=picture)
    page.slide("time", keys.Keys.END)
    page.until("time-value", "480 s")
    page.until_scene("A", like=picture)


def test_layers_can_be_hidden(page):
    picture = page.scene("A")
    page.click("layer-tumour")
    page.until_scene("A", unlike=picture)
    page.click("layer-tumour")
    page.until_scene("A", like=picture)


def test_two_layouts_stand_side_by_side(page):
    page.click("compare")
    page.until("verdict-B")
    assert page.text("verdict-B") == page.text("verdict-A")
    first = page.text("verdict-A")
    page.click("place-B")
    page.slide("illuminations", keys.Keys.ARROW_RIGHT)
    page.until("verdict-B", other_than=first)
    assert page.text("verdict-A") == first
    assert "layout A" in page.text("figures")
    assert "14.4 kJ" in page.text("figures")
    assert "7.2 kJ" in page.text("figures")
    page.click("place-A")
    page.wait_for("return document.getElementById('illuminations-value').innerText.trim() === '1'")


def test_a_run_is_watched_cancelled_and_made_again(page):
    page.slide("diameter", keys.Keys.HOME)
    page.slide("energy", keys.Keys.HOME)
    page.until("figures", "1.2 kJ")
    page.click("run")
    page.until("job-words", "s simulated")
    page.click("cancel")
    page.until("job-words", "full run: cancelled")
    assert not page.browser.find_element("id", "report").is_enabled()
    page.click("run")
    page.until("job-words", "is stored as")
    page.until("figures", "1 mm")
    stored = page.text("job-words").split("is stored as ")[1].split(",")[0]
    assert Path(stored).is_file()
    page.click("report")
    report = page.download("report.html").read_text(encoding="utf-8")
    assert "What the model leaves out" in report


def test_a_plan_is_made_and_laid_out(page):
    page.slide("diameter", keys.Keys.HOME)
    page.until("figures")
    page.click("plan")
    page.until("job-words", "runs)")
    page.click("cancel")
    page.until("job-words", "plan: cancelled", seconds=60.0)


def test_a_case_is_saved_and_loaded_again(page):
    page.slide("energy", keys.Keys.HOME)
    page.slide("power", keys.Keys.END)
    page.until("figures", "1.2 kJ")
    page.click("save")
    saved = page.download("case.toml")
    page.slide("energy", keys.Keys.END)
    page.until("figures", "12.0 kJ")
    page.upload(saved)
    page.until("figures", "1.2 kJ")
    assert page.text("energy-value") == "300 J"
    assert page.text("base") == ""


def test_any_case_can_be_loaded_and_let_go(page):
    page.upload(EXAMPLES / "quick.toml")
    title = page.until("base")
    assert page.text("energy-value") == ""  # its fibres are its own
    figures = page.until("figures", other_than="")
    page.browser.execute_script("document.querySelector('#base .v-chip__close').click()")
    page.until("energy-value")
    page.until("figures", other_than=figures)
    assert title


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"this is no case", "cannot be read"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b'schema = "ablsim/case/1"\ntitle = "x"\n', "missing"),
    ],
    ids=["text", "bytes", "case"],
)
def test_what_is_no_case_is_refused_with_a_sentence(page, tmp_path, content, said):
    figures = page.text("figures")
    path = tmp_path / "wrong.toml"
    path.write_bytes(content)
    page.upload(path)
    words = page.until("message")
    assert "wrong.toml" in words
    assert said in words
    assert page.text("figures") == figures


def test_a_layout_that_is_refused_cannot_be_saved_or_run(page, tmp_path):
    case = Case.from_toml(EXAMPLES / "quick.toml").resolved()
    bowel = {"name": "bowel", "tissue": "muscle", "shape": "sphere", "diameter": "8 mm"}
    place = {"centre": ["0 mm", "0 mm", "11 mm"], "no_go": {"peak_temperature": "45 degC"}}
    case["organ"] = [bowel | place]
    path = tmp_path / "beside_bowel.toml"
    path.write_text(Case.from_dict(case).to_toml(), encoding="utf-8")
    page.upload(path)
    page.until("base")
    assert page.browser.find_element("id", "save").is_enabled()
    page.browser.execute_script(
        "trame.state.update({pattern: 'single', illuminations: 3, pull_back: 8})"
    )
    assert "gives light inside bowel" in page.until("refusal-A")
    for button in ("save", "run"):
        assert not page.browser.find_element("id", button).is_enabled()
    assert page.browser.find_element("id", "plan").is_enabled()  # it finds fibres of its own
    page.browser.execute_script("trame.state.set('illuminations', 1)")
    page.wait_for("return !document.getElementById('refusal-A')")
    assert page.browser.find_element("id", "save").is_enabled()


def test_two_tabs_share_nothing(page, address):
    first = page.browser.current_window_handle
    page.slide("energy", keys.Keys.HOME)
    page.until("figures", "1.2 kJ")
    page.browser.switch_to.new_window("tab")
    other = Tab(page.browser, page.wait_for, address, page.folder)
    assert other.text("energy-value") == "1800 J"
    assert "7.2 kJ" in other.text("figures")
    other.slide("energy", keys.Keys.END)
    other.until("figures", "12.0 kJ")
    page.browser.close()
    page.browser.switch_to.window(first)
    assert page.text("energy-value") == "300 J"
    assert "1.2 kJ" in page.text("figures")


def test_a_tab_that_is_loaded_again_is_as_it_was(page):
    page.slide("energy", keys.Keys.HOME)
    page.until("figures", "1.2 kJ")
    page.browser.refresh()
    page.until("figures", "1.2 kJ")
    assert page.text("energy-value") == "300 J"
