"""Figures as PNG files, whole or not at all."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from ablsim.errors import ResultError
from ablsim.storage.layout import describe_fault


def save_png(figure: Figure, path: str | Path) -> None:
    """Write a figure.

    Raises
    ------
    ResultError
        If the file cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    try:
        Path(path).write_bytes(buffer.getvalue())
    except OSError as error:
        msg = f"{path}: {describe_fault(error)}"
        raise ResultError(msg) from None
