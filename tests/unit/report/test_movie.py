"""Movies: a frame for each stored state, one scene, one scale, one set of colours."""

import itertools

import numpy as np
import pytest
from PIL import Image

from ablsim.errors import CaseError, ResultError
from ablsim.storage import load
from ablsim.view import movie
from ablsim.view.movie import SIZE, make_movie

pytestmark = pytest.mark.compiled


def test_a_gif_has_a_frame_for_each_state_and_stays_on_the_last(stored, tmp_path):
    make_movie(stored, tmp_path / "x.gif", use_gl=False)
    found = Image.open(tmp_path / "x.gif")
    frames = []
    for number in range(found.n_frames):
        found.seek(number)
        frames.append(np.asarray(found.convert("RGB"), dtype=int))
    assert found.size == SIZE
    states = len(load(stored).history)
    shown = [np.abs(b - a).sum() for a, b in itertools.pairwise(frames)]
    assert states - 2 <= sum(change > 0 for change in shown) + 1 <= states
    # the scale and the directions stand still
    corner = np.s_[700:860, 10:300]
    assert max(np.abs(frame[corner] - frames[0][corner]).max() for frame in frames) <= 40
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_mp4_has_as_many_pictures(stored, tmp_path):
    encoder = pytest.importorskip("imageio_ffmpeg")
    make_movie(stored, tmp_path / "x.mp4", use_gl=False)
    frames, seconds = encoder.count_frames_and_secs(str(tmp_path / "x.mp4"))
    assert frames >= len(load(stored).history)
    assert seconds > 2.0


def test_what_cannot_be_made_is_said(stored, tmp_path, monkeypatch):
    with pytest.raises(CaseError, match=r"names that end in \.gif or \.mp4"):
        make_movie(stored, tmp_path / "x.avi")
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(CaseError, match=r'pip install "ablsim\[movie\]"; a GIF needs none'):
        make_movie(stored, tmp_path / "x.mp4")
    monkeypatch.setattr(movie, "_frames", lambda *_, **__: iter([np.zeros((8, 8, 3), np.uint8)]))
    with pytest.raises(ResultError, match="none"):
        make_movie(stored, tmp_path / "none" / "x.gif", use_gl=False)
