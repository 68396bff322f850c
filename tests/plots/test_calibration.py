import numpy as np
import pytest

from kerasnotes.diagnosis import calibration as diagnosis
from kerasnotes.plots import calibration, figures


def panel(size=200, low=0.0):
    rng = np.random.default_rng(0)
    sure = rng.uniform(low, 1, size)
    return diagnosis.bins(sure, rng.random(size) < sure), sure


def test_points_and_bars_are_the_bins():
    found, sure = panel()
    axes = calibration.calibration({"before": (found, sure)}).axes[0]
    bars = axes.containers[0]
    points, _, (lines,) = bars.lines
    np.testing.assert_allclose(points.get_xdata(), found.confidence)
    np.testing.assert_allclose(points.get_ydata(), found.share)
    ends = np.array([s[:, 1] for s in lines.get_segments()])
    np.testing.assert_allclose(ends.T, found.intervals())
    assert axes.get_title("right") == "20 a point"


def test_the_strip_counts_every_answer():
    found, sure = panel()
    strip = calibration.calibration({"before": (found, sure)}).axes[1]
    assert sum(patch.get_height() for patch in strip.patches) == len(sure)


def test_panels_share_their_scales():
    panels = {"As trained": panel(low=0.8), "T = 2": panel(low=0.35)}
    figure = calibration.calibration(panels, "chance", "share")
    first, second, below, _ = figure.axes
    assert first.get_xlim() == second.get_xlim() == first.get_ylim()
    assert first.get_xlim()[0] < 0.35
    assert below.get_xlabel() == "chance" and first.get_ylabel() == "share"


@pytest.mark.parametrize("size", [1, 2, 7, 5000])
def test_any_number_of_answers(size):
    figure = calibration.calibration({"T = 1": panel(size)})
    assert figures.png(figure).startswith(b"\x89PNG")


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="`panels`.*Received: {}"):
        calibration.calibration({})
