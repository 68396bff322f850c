"""What the report says of the decisions of a classifier."""

import types

import numpy as np
import pytest

from kerasnotes.plots import page
from kerasnotes.tasks.classify import config, decision

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
