"""Who is let in, and what is said to those who are not."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import pytest

pytestmark = pytest.mark.compiled


def get(address, *, host=None, opener=urllib.request):
    """Return status and text of a page."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    open_ = opener.open if opener is not urllib.request else urllib.request.urlopen
    try:
        with open_(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def here(serve):
    return serve()[0]


@pytest.fixture(scope="module")
def anywhere(serve):
    """The page on all addresses: its own, and its token."""
    address, _ = serve("--host", "0.0.0.0", environment={"ABLSIM_TOKEN": "secret0123456789"})
    return address.replace("0.0.0.0", "127.0.0.1").split("?token=")


def test_this_machine_is_let_in(here):
    status, text = get(here)
    assert status == 200
    assert "<html" in text


def test_a_name_that_leads_here_from_elsewhere_is_refused(here):
    status, text = get(here, host="evil.example")
    assert status == 403
    assert "this machine only" in text


def test_a_page_that_has_ended_says_so(here):
    status, text = get(f"{here}0123456789abcdef/index.html")
    assert status == 404
    assert "has ended" in text


def test_without_the_token_nobody_is_let_in(anywhere):
    address, token = anywhere
    assert token == "secret0123456789"
    for path in ("", "?token=wrong", "x/ws", "x/index.html"):
        status, text = get(address + path)
        assert status == 403
        assert "asks for a token" in text
        assert token not in text


def test_with_the_token_a_page_and_all_of_its_files_come(anywhere):
    address, token = anywhere
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    assert get(f"{address}?token={token}", opener=opener)[0] == 200
    assert get(address, opener=opener)[0] == 200  # the cookie is enough from now on
    assert get(address)[0] == 403


def test_the_socket_has_a_secret_of_its_own(here):
    with urllib.request.urlopen(here, timeout=60) as answer:
        page = answer.url.removesuffix("index.html")
    request = urllib.request.Request(f"{page}paraview/", data=b"{}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        told = json.loads(answer.read())
    assert told["sessionURL"].startswith("ws://127.0.0.1")
    assert len(told["secret"]) >= 32


@pytest.mark.parametrize(
    ("options", "environment", "status", "said"),
    [
        (("--port", "70000"), {}, 2, "allowed are 0 to 65535"),
        (("missing.toml",), {}, 2, "there is no such file"),
        (("--host", "0.0.0.0"), {"ABLSIM_TOKEN": "short"}, 2, "16 or more"),
        (("-o", sys.executable), {}, 2, "is no folder"),
        (("--host", "192.0.2.1", "--port", "0"), {}, 3, "cannot listen there"),
    ],
    ids=["port", "case", "token", "folder", "host"],
)
def test_what_cannot_be_is_refused_before_anything_starts(options, environment, status, said):
    found = subprocess.run(
        [sys.executable, "-m", "ablsim", "app", *options],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == status, found.stderr
    assert said in found.stderr
    assert "Traceback" not in found.stderr
