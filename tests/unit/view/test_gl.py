"""A crash of the graphics library happens in a child process and is survived."""

import ctypes
import sys

import pytest

from ablsim.view import gl

CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.fixture(autouse=True)
def _forget():
    gl.find_display.cache_clear()
    yield
    gl.find_display.cache_clear()


@pytest.fixture
def both(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: name)


def test_a_segmentation_fault_means_there_is_no_display(both, monkeypatch):
    monkeypatch.setattr(gl, "_TRIAL", CRASH)
    assert gl.find_display() is None


def test_the_first_display_that_draws_is_taken_with_osmesa_first(both, monkeypatch):
    monkeypatch.setattr(gl, "_TRIAL", "pass")
    assert gl.find_display() == gl.Display("OSMesa", "vtkOSOpenGLRenderWindow")


def test_where_osmesa_crashes_egl_is_tried(both, monkeypatch):
    trial = f"import os\nif 'EGL' not in os.environ[{gl.VARIABLE!r}]:\n    os.abort()"
    monkeypatch.setattr(gl, "_TRIAL", trial)
    assert gl.find_display() == gl.Display("EGL", "vtkEGLRenderWindow")


def test_a_display_without_its_library_is_not_tried(monkeypatch):
    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    monkeypatch.setattr(gl, "_draws", lambda *_: pytest.fail("tried"))
    assert gl.find_display() is None


def test_a_child_that_hangs_is_given_up(both, monkeypatch):
    monkeypatch.setattr(gl, "_TRIAL", "import time; time.sleep(60)")
    assert gl.find_display(timeout=0.3) is None


def test_the_answer_is_found_once_a_session(both, monkeypatch):
    calls = []
    monkeypatch.setattr(gl, "_draws", lambda display, timeout: not calls.append(display))
    assert gl.find_display() is gl.find_display()
    assert len(calls) == 1


def test_the_display_is_named_to_vtk(monkeypatch):
    monkeypatch.setenv(gl.VARIABLE, "other")
    gl.use_display(gl.Display("system", ""))
    assert gl.os.environ[gl.VARIABLE] == "other"
    gl.use_display(gl.Display("OSMesa", "vtkOSOpenGLRenderWindow"))
    assert gl.os.environ[gl.VARIABLE] == "vtkOSOpenGLRenderWindow"


def test_what_is_never_drawn_here_gets_a_window_that_needs_no_library(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv(gl.VARIABLE, raising=False)
    gl.use_display(None)
    assert gl.os.environ[gl.VARIABLE] == "vtkOSOpenGLRenderWindow"
    monkeypatch.delenv(gl.VARIABLE)
    monkeypatch.setattr(sys, "platform", "darwin")
    gl.use_display(None)
    assert gl.VARIABLE not in gl.os.environ


def test_the_remedy_names_the_debian_package():
    assert "libosmesa6" in gl.REMEDY
