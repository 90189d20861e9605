"""The command that serves the planning page.

As in :mod:`ablsim.cli`, everything heavy is imported inside the command.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def app(
    case: Path | None = None,
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    output: Annotated[Path, Parameter(alias="-o")] = Path("planned"),
) -> None:
    """Serve the planning page: sliders for tumour and fibres, and the zone that follows them.

    Open the address that is printed in a browser. The scene is drawn there, so this machine needs
    no OpenGL. Ctrl-C ends it.

    Parameters
    ----------
    case
        A case file (TOML) that pages begin with, in place of a sphere.
    host
        Where it listens. By default only this machine reaches it; anywhere else it asks for a
        token, which is part of the address that is printed (or that of ABLSIM_TOKEN, if set).
    port
        0 takes any that is free.
    output
        Folder where full runs and their reports are stored.
    """
    from ablsim.serving import serve_page

    serve_page(case, host, port, output)


COMMANDS = (app,)
"""All of them."""
