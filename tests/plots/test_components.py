import re

import numpy as np
import pytest

from kerasnotes.plots import figures, page
from kerasnotes.plots.components import components

RUNGS = [
    ("human", 0.0, 0.0, 0.0),
    ("train", 0.01, 0.007, 0.013),
    ("dev", 0.1, 0.08, 0.13),
]
GAPS = [("avoidable bias", "1.0 %", False), ("variance", "9.0 %", True)]


def test_errors_and_intervals_are_where_they_should_be():
    (axes,) = components(RUNGS, GAPS).axes
    np.testing.assert_allclose(
        axes.lines[0].get_xydata(), [[0, 0], [1, 1], [10, 2]]
    )
    (bars,) = axes.collections
    np.testing.assert_allclose(
        [segment[:, 0] for segment in bars.get_segments()],
        [[0, 0], [0.7, 1.3], [8, 13]],
    )
    assert [t.get_text() for t in axes.get_yticklabels()] == [
        "human",
        "train",
        "dev",
    ]
    # The best humans are on top.
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_the_problem_stands_out():
    texts = components(RUNGS, GAPS).axes[0].texts
    assert [t.get_text() for t in texts] == [
        "avoidable bias\n1.0 %",
        "variance\n9.0 %",
    ]
    assert [t.get_fontweight() for t in texts] == ["normal", "bold"]
    assert texts[0].get_color() != texts[1].get_color()


@pytest.mark.parametrize("scale", [0, 1e-6, 1, 50])
def test_draws_whatever_the_errors(scale):
    rungs = [(n, scale * e, scale * a, scale * b) for n, e, a, b in RUNGS]
    rungs.append(("test", scale, 0.0, np.inf))
    figure = components(rungs, [*GAPS, ("overfitting to dev", "?", False)])
    assert figures.png(figure).startswith(b"\x89PNG")
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert len(set(labels)) == len(labels) >= 1


def test_a_phone_shows_all_of_it():
    """The page leaves 358 of 390 pixels, and pictures have a least width."""
    rungs = [(n, 0.1, 0.05, 0.15) for n in ("human", "train", "dev", "test")]
    gaps = [
        ("avoidable bias", "10.1 % (10.1–10.2)", True),
        ("variance", "0.0 % (-0.1 to 0.1)", False),
        ("overfitting to dev", "0.0 % (-10.1 to 10.1)", True),
    ]
    html = page.Picture(figures.png(components(rungs, gaps)), "", "").html()
    (least,) = re.findall(r"min-width:(\d+)px", html)
    (width,) = re.findall(r' width="(\d+)"', html)
    assert int(least) <= 358 and int(width) < 440


@pytest.mark.parametrize("gaps", [[], GAPS[:1], GAPS * 2])
def test_a_gap_between_each_two(gaps):
    with pytest.raises(ValueError, match="`rungs`.*Received: 3 rungs"):
        components(RUNGS, gaps)
