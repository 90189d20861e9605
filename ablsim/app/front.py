"""The door of the planning page: gives every tab a process of its own, and lets nobody else in.

Tabs of one trame server share their state; tabs that are processes share nothing, and one that
fails leaves the others alone. The door passes requests on to them, so only one port is open.
"""

import asyncio
import hmac
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType, web

from ablsim.app.order import keep_order

COOKIE = "ablsim_token"
"""Name of the cookie that holds the token once it was given."""

PAGES = 8
"""Most tabs at a time, with those that were left lately: each takes about half a gigabyte."""

PATIENCE = 120.0
"""Longest that a page may take to start [s]."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that only this machine reaches."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What answers a request."""

Socket = web.WebSocketResponse | ClientWebSocketResponse
"""Either end of a bridge."""

_PAGE = "from ablsim.app.tab import main; main()"
_PASSED_ON = ("Content-Type", "Cache-Control", "ETag", "Last-Modified")
_MESSAGE = 64 * 1024 * 1024  # bytes of the longest message of a socket


@dataclass
class Tab:
    """The process of one tab.

    Parameters
    ----------
    process : asyncio.subprocess.Process
        It runs in a session of its own with everything that it starts.
    secret : str
        What its socket asks for.
    port : int
        Where it listens, on this machine only.
    name : str
        By which it is addressed; nobody can guess it.
    sockets : int
        How many browsers are connected.
    is_working : bool
        Whether something runs for it in the background.
    left_at : float
        When the last browser went, or when it was made.
    """

    process: asyncio.subprocess.Process
    secret: str
    port: int
    name: str = field(default_factory=lambda: secrets.token_hex(12))  # trame writes it small
    sockets: int = 0
    is_working: bool = False
    left_at: float = field(default_factory=time.monotonic)

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.returncode is None

    async def listen(self) -> None:
        """Hear what its process says of itself, until that ends."""
        if self.process.stdout is not None:
            async for line in self.process.stdout:
                with suppress(ValueError):
                    self.is_working = bool(json.loads(line)["working"])

    def end(self) -> None:
        """End it with all that it has started."""
        _end_session(self.process)


class Front:
    """The door.

    Parameters
    ----------
    folder : Path
        Where full runs are stored.
    case : Path or None
        What pages begin with.
    token : str
        What has to be known to come in; empty where only this machine comes near.
    """

    def __init__(self, folder: Path, case: Path | None, token: str) -> None:
        self._asked = {"folder": str(folder), "case": None if case is None else str(case)}
        self._token = token
        self._tabs: dict[str, Tab] = {}
        self._spare: asyncio.Task[Tab] | None = None
        self._listening: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    def application(self) -> web.Application:
        """Return it as an application of aiohttp."""
        application = web.Application(middlewares=[self._check])
        application.router.add_get("/", self._open)
        application.router.add_get("/{name}/ws", self._bridge)
        application.router.add_post("/{name}/paraview/", self._introduce)
        application.router.add_get("/{name}/{rest:.*}", self._fetch)
        application.on_startup.append(self._begin)
        application.on_cleanup.append(self._end)
        return application

    async def _begin(self, _: web.Application) -> None:
        self._session = await self._stack.enter_async_context(ClientSession())
        self._prepare()
        if self._spare is not None:
            await self._spare

    async def _end(self, _: web.Application) -> None:
        if self._spare is not None and not self._spare.done():
            self._spare.cancel()
        elif self._spare is not None and self._spare.exception() is None:
            self._spare.result().end()
        for tab in self._tabs.values():
            tab.end()
        await self._stack.aclose()

    # who may come in

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in whoever has the token, or calls this machine by its own name."""
        return self._refuse(request) or await handler(request)

    def _refuse(self, request: web.Request) -> web.StreamResponse | None:
        if not self._token:
            name = request.host.rsplit(":", 1)[0].strip("[]")
            if name not in LOOPBACK:  # a page of elsewhere that calls its own name this machine
                return _words(403, f"this page is for this machine only, not for {name}")
            return None
        given = request.query.get("token", "")
        if given and self._knows(given):
            answer = web.HTTPFound(request.path)
            answer.set_cookie(COOKIE, given, httponly=True, samesite="Strict")
            return answer
        if self._knows(request.cookies.get(COOKIE, "")):
            return None
        return _words(
            403,
            "this page asks for a token: open the whole address, with ?token=, that ablsim app "
            "has printed where it was started",
        )

    def _knows(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    # tabs

    def _prepare(self) -> None:
        """Start a page that waits for the next tab."""
        if self._spare is None and len(self._tabs) < PAGES:
            self._spare = asyncio.get_running_loop().create_task(self._start())

    def _make_room(self) -> None:
        """End the page that was left longest ago, where there are as many as there may be."""
        idle = [tab for tab in self._tabs.values() if not tab.sockets and not tab.is_working]
        if len(self._tabs) >= PAGES and idle:
            oldest = min(idle, key=lambda tab: tab.left_at)
            oldest.end()
            del self._tabs[oldest.name]

    async def _start(self) -> Tab:
        """Start the process of a page and wait for it to listen."""
        secret = secrets.token_hex(24)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PAGE,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        if process.stdin is None or process.stdout is None:  # never: both are pipes
            raise AssertionError
        process.stdin.write(json.dumps({**self._asked, "secret": secret}).encode() + b"\n")
        try:
            async with asyncio.timeout(PATIENCE):
                line = await process.stdout.readline()
        except BaseException:
            _end_session(process)
            raise
        if not line:
            msg = "a page could not be started; what went wrong stands above"
            raise ChildProcessError(msg)
        tab = Tab(process, secret, json.loads(line)["port"])
        listening = asyncio.get_running_loop().create_task(tab.listen())
        self._listening.add(listening)
        listening.add_done_callback(self._listening.discard)
        return tab

    async def _open(self, _: web.Request) -> web.StreamResponse:
        """Give a new tab its page."""
        self._tabs = {name: tab for name, tab in self._tabs.items() if tab.is_alive}
        self._make_room()
        self._prepare()
        if self._spare is None:
            return _words(
                503,
                f"{len(self._tabs)} pages are open, the most there may be; close one first",
            )
        spare, self._spare = self._spare, None
        try:
            tab = await spare
        except (ChildProcessError, TimeoutError, ValueError) as error:
            return _words(500, f"no page could be started: {error or 'it took too long'}")
        if not tab.is_alive:
            return _words(500, "the page has ended before it was used; load this address again")
        self._tabs[tab.name] = tab
        self._prepare()
        return web.HTTPFound(f"/{tab.name}/index.html")

    def _find(self, request: web.Request) -> Tab:
        tab = self._tabs.get(request.match_info["name"])
        if tab is None or not tab.is_alive:
            raise web.HTTPNotFound(
                text=_html('this page has ended; <a href="/">open a new one</a>'),
                content_type="text/html",
            )
        return tab

    # passing on

    async def _introduce(self, request: web.Request) -> web.StreamResponse:
        """Tell the tab where its socket is and what that asks for."""
        tab = self._find(request)
        scheme = "wss" if request.scheme == "https" else "ws"
        return web.json_response(
            {"sessionURL": f"{scheme}://{request.host}/{tab.name}/ws", "secret": tab.secret}
        )

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        """Pass on a file of the page."""
        tab = self._find(request)
        address = f"http://127.0.0.1:{tab.port}/{request.match_info['rest']}"
        try:
            async with self._session.get(address, params=request.query) as answer:
                headers = {key: value for key, value in answer.headers.items() if key in _PASSED_ON}
                body = await answer.read()
                if answer.content_type == "text/html":
                    body = keep_order(body)
                return web.Response(status=answer.status, body=body, headers=headers)
        except ClientError:
            return _words(502, "the page does not answer; load it again")

    async def _bridge(self, request: web.Request) -> web.StreamResponse:
        """Pass on what a tab and its page say to each other."""
        tab = self._find(request)
        outside = web.WebSocketResponse(max_msg_size=_MESSAGE, heartbeat=30.0)
        await outside.prepare(request)
        tab.sockets += 1
        try:
            async with self._session.ws_connect(
                f"ws://127.0.0.1:{tab.port}/ws", max_msg_size=_MESSAGE
            ) as inside:
                ways = [
                    asyncio.ensure_future(_carry(outside, inside)),
                    asyncio.ensure_future(_carry(inside, outside)),
                ]
                _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in left:
                    way.cancel()
        except ClientError:
            pass  # the page has ended: so does its socket
        finally:
            tab.sockets -= 1
            tab.left_at = time.monotonic()
        await outside.close()
        return outside


def _end_session(process: asyncio.subprocess.Process) -> None:
    """End a process with everything that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


async def _carry(source: Socket, target: Socket) -> None:
    """Carry messages from one socket to another until either closes."""
    with suppress(ConnectionError):
        async for message in source:
            if message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type is WSMsgType.TEXT:
                await target.send_str(message.data)


def _html(words: str) -> str:
    return (
        "<!doctype html><meta charset=utf-8><title>ablsim</title>"
        f"<p style='font: 16px sans-serif; margin: 3em'>{words}</p>"
    )


def _words(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=_html(words), content_type="text/html")
