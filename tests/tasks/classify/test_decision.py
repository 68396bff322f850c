"""What the report says of the decisions of a classifier."""

import types

import numpy as np
import pytest

from kerasnotes.plots import page
from kerasnotes.tasks.classify import config, decision


def test_a_threshold_moves_with_the_probabilities_that_are_served():
    decided = decision.Decision(0.4175, 2.888)
    served = decided.served(0.4175)
    logits = np.array([[0.0, np.log(0.4175 / 0.5825)]])
    np.testing.assert_allclose(decided.probabilities(logits)[0, 1], served)
    assert abs(served - 0.4712) < 1e-4
    assert decision.Decision(0.3).served(0.3) == pytest.approx(0.3)


RIGHT = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]])


@pytest.mark.parametrize(
    ("logits", "meaning", "note"),
    [
        (RIGHT, "Every answer on dev is right: no temperature", "diagonal."),
        (0 * RIGHT, "The model gives all classes the same", "diagonal."),
        (RIGHT[[1, 1, 2]], "The temperature is", "T was fitted on dev."),
    ],
)
def test_the_page_says_why_there_is_no_temperature(
    tmp_path, logits, meaning, note
):
    examples = types.SimpleNamespace(class_names=list("abc"))
    dev = types.SimpleNamespace(
        outputs=logits,
        targets=np.arange(3),
        split=types.SimpleNamespace(examples=examples),
    )
    decisions = decision.decide(config.Config(), dev, None)
    blocks = decision.blocks(config.Config(), decisions, {"dev": dev}, tmp_path)
    (text,) = (b.text for b in blocks if isinstance(b, page.Text))
    (table,) = (b for b in blocks if isinstance(b, page.Table))
    assert text.startswith(meaning)
    assert table.caption.endswith(note)
