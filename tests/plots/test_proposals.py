import numpy as np
import pytest

from kerasnotes.plots import figures, proposals

NUMBERS = [10, 30, 100]


def test_lines_are_the_recalls():
    curves = {f"class {i}": [0.1, 0.5, 0.8 + i / 100] for i in range(14)}
    curves["class 3"] = [None] * 3
    figure = proposals.proposal_recall(NUMBERS, curves)
    first, *others = figure.axes[0].lines
    np.testing.assert_allclose(
        first.get_xydata(), [(10, 0.1), (30, 0.5), (100, 0.8)]
    )
    assert len(others) == 9
    assert "class 3" not in [line.get_label() for line in others]
    assert figure.axes[0].get_xscale() == "log"
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == ["10", "30", "100"]
    assert figures.png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize("recalls", [[0.0], [None]])
def test_one_number_and_no_line_are_drawn(recalls):
    figure = proposals.proposal_recall([1], {"$all$": recalls})
    assert len(figure.axes[0].lines) == (recalls[0] is not None)
    assert figures.png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("numbers", "curves"),
    [([], {"a": []}), ([1], {}), ([1, 2], {"a": [0.5]})],
)
def test_what_it_refuses(numbers, curves):
    with pytest.raises(ValueError, match="`curves` need.*Received"):
        proposals.proposal_recall(numbers, curves)
