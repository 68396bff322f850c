import numpy as np
import pytest
from scipy.special import expit

from kerasnotes.diagnosis import thresholds as diagnosis
from kerasnotes.plots import figures, thresholds


def drawn(scale=2.0, chosen=0.4, plateau=(0.35, 0.45)):
    rng = np.random.default_rng(0)
    scores = scale * rng.normal(size=50)
    cuts = diagnosis.cuts(scores, scores + rng.normal(size=50) > 0)
    metrics = {name: cuts.metrics[name] for name in ("precision", "recall")}
    edges = expit(cuts.edges)
    return metrics, thresholds.thresholds(edges, metrics, chosen, plateau)


def test_steps_are_the_metrics():
    metrics, figure = drawn()
    steps = [p for p in figure.axes[0].patches if hasattr(p, "get_data")]
    assert len(steps) == 2
    for step, values in zip(steps, metrics.values(), strict=True):
        np.testing.assert_array_equal(step.get_data().values, values)


def test_the_chosen_one_is_marked():
    axes = drawn()[1].axes[0]
    assert list(axes.lines[0].get_xdata()) == [0.4, 0.4]
    assert axes.get_title("right") == "threshold 0.4"


@pytest.mark.parametrize("scale", [0.01, 2.0, 12.0])
@pytest.mark.parametrize("chosen", [1e-9, 0.5, 1 - 1e-9])
def test_any_scores(scale, chosen):
    figure = drawn(scale, chosen, None)[1]
    assert figures.png(figure).startswith(b"\x89PNG")


def test_lengths_that_differ():
    with pytest.raises(ValueError, match="`metrics`.*Received: 2 of f1"):
        thresholds.thresholds([0.1, 0.9], {"f1": [1, 2]}, 0.5)
