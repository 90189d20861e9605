import os
import signal
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Give a function that starts the page and returns its address and its folder."""
    started = []

    def start(*options, environment=None):
        folder = tmp_path_factory.mktemp("runs")
        process = subprocess.Popen(
            [sys.executable, "-m", "ablsim", "app", "--port", "0", "-o", str(folder), *options],
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        started.append(process)
        line = process.stdout.readline()
        assert line
        return line.split()[-1], folder

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        assert process.wait(timeout=60) == 0
