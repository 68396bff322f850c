"""Pictures of a search."""

import numpy as np
import pytest

from kerasnotes.plots import figures, search

TICKS = [(0, "low"), (1, "high")]


def test_the_best_stands_out_and_the_pruned_stand_back():
    scores = [0.9, 0.2, 0.95, 0.99, 0.5, 0.6, 0.7]
    pruned = [False] * 3 + [True] + [False] * 3
    axis = search.Axis("rate", list(np.linspace(0, 1, 7)), TICKS)
    panel = search.parallel([axis], scores, "acc", pruned=pruned).axes[0]
    lines = {
        round(line.get_ydata()[0] * 6): line
        for line in panel.lines
        if len(line.get_ydata()) == 2 and line.get_xdata()[1] == 1
        if line.get_xdata()[0] == 0
    }
    widths = {i: line.get_linewidth() for i, line in lines.items()}
    assert max(widths, key=widths.get) == 2
    assert lines[3].get_linestyle() == ":"
    # By rank: the best at the top, the pruned at the bottom.
    assert lines[2].get_ydata()[1] == 1 and lines[3].get_ydata()[1] == 0


def test_a_smaller_loss_is_better():
    axis = search.Axis("rate", [0.0, 1.0], TICKS)
    panel = search.parallel([axis], [0.3, 0.1], "loss", smaller=True).axes[0]
    texts = {text.get_text(): text.xy for text in panel.texts}
    assert texts["0.1"] == (1, 1) and texts["0.3"] == (1, 0)


def test_one_trial_and_odd_names_are_drawn():
    axis = search.Axis("$a_b$" * 9, [0.5], [(0.5, "x^$")])
    assert figures.png(search.parallel([axis], [1.0], "acc"))[:4] == b"\x89PNG"
    assert figures.png(search.importance({"a": 0.0}))[:4] == b"\x89PNG"


def test_lengths_must_fit():
    axis = search.Axis("rate", [0.5], TICKS)
    with pytest.raises(ValueError, match="Received: 2"):
        search.parallel([axis], [1.0, 2.0], "acc")
    with pytest.raises(ValueError, match="Received"):
        search.importance({})
