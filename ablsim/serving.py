"""What ``ablsim app`` does before the planning page is there."""

import asyncio
import os
import secrets
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from ablsim.errors import CaseError, UnfinishedError
from ablsim.interruption import SIGNALS

TOKEN = "ABLSIM_TOKEN"
"""Variable that may hold the token."""

SHORTEST = 16
"""Fewest characters of a token."""

_PORTS = 65535


def serve_page(case: Path | None, host: str, port: int, output: Path) -> None:
    """Serve the planning page until Ctrl-C.

    Raises
    ------
    CaseError
        If the case, the port, the token or the folder is wrong, or a package is missing.
    UnfinishedError
        If nobody can listen there.
    """
    if find_spec("trame") is None or find_spec("trame_vtk") is None:
        msg = 'app: the planning page needs more packages; pip install "ablsim[web]"'
        raise CaseError(msg)
    if not 0 <= port <= _PORTS:
        msg = f"--port {port}: allowed are 0 to {_PORTS}; 0 takes any that is free"
        raise CaseError(msg)
    if output.exists() and not output.is_dir():
        msg = f"--output {output}: is no folder; name one where runs can be stored"
        raise CaseError(msg)
    if case is not None:
        from ablsim.case import Case

        Case.from_toml(case)
    from ablsim.app.front import LOOPBACK

    token = "" if host in LOOPBACK else _token()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(case, host, port, output, token))


def _token() -> str:
    """Return the token that was set, or a new one."""
    token = os.environ.get(TOKEN, "")
    if token and (len(token) < SHORTEST or not token.isascii() or not token.isalnum()):
        msg = f"{TOKEN}: has to be {SHORTEST} or more letters and digits, or left out"
        raise CaseError(msg)
    return token or secrets.token_hex(16)


async def _serve(case: Path | None, host: str, port: int, output: Path, token: str) -> None:
    from aiohttp import web

    from ablsim.app.front import Front

    front = Front(output.resolve(), None if case is None else case.resolve(), token)
    runner = web.AppRunner(front.application(), shutdown_timeout=1.0, access_log=None)
    print("starting ...", file=sys.stderr)
    try:
        await runner.setup()
    except (ChildProcessError, TimeoutError) as error:
        await runner.cleanup()
        msg = f"app: {error or 'the page took too long to start'}"
        raise UnfinishedError(msg) from None
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
    except OSError as error:
        await runner.cleanup()
        reason = error.strerror or error
        msg = (
            f"--host {host} --port {port}: cannot listen there ({reason}); --port 0 takes any that "
            "is free"
        )
        raise UnfinishedError(msg) from None
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{runner.addresses[0][1]}/"
    print(f"planning page at {address}{f'?token={token}' if token else ''}", flush=True)
    if token:
        print(
            "what passes is not encrypted: beyond a network that you trust, let ssh carry it "
            "(ssh -L) and serve it on 127.0.0.1",
            file=sys.stderr,
        )
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows, where Ctrl-C ends the wait by itself
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await stopped.wait()
    finally:
        await runner.cleanup()
