"""Statistics of boxes before training."""

import numpy as np
import pytest

from kerasnotes.data.pictures import box_statistics
from tests.support.box_toys import build


def test_by_hand():
    # Boxes of 3×3, 8×8 and 1×1; the second picture is background.
    stats = box_statistics.statistics(build())
    assert (stats.pictures, stats.background, stats.tiny) == (3, 1, 2)
    assert stats.classes == {"b": 2, "a": 1}
    assert stats.class_pictures == {"b": 2, "a": 1}
    assert stats.counts.tolist() == [2, 1]
    assert stats.sides.tolist() == [[3, 3], [8, 8], [1, 1]]
    lines = stats.lines()
    assert lines[0].startswith("3 pictures, of which 1 is background; 3 boxes")
    assert lines[1] == "b: 2 boxes on 2 pictures"
    assert lines[-1].startswith("2 boxes have a side under 4 pixels")


def test_of_a_part():
    stats = box_statistics.statistics(build(), [2])
    assert stats.sides.tolist() == [[1, 1]] and stats.background == 0
    assert stats.classes == {"b": 1, "a": 0}
    assert box_statistics.statistics(build(), [1]).lines() == [
        "1 picture, all background"
    ]
    assert box_statistics.statistics(build(), []).pictures == 0


@pytest.mark.parametrize("seed", range(3))
def test_against_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    labels = [tuple(rng.integers(0, 3, rng.integers(0, 5))) for _ in range(20)]
    count = sum(map(len, labels))
    low = rng.uniform(0, 4, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(0.5, 4, (count, 2))], 1)
    examples = build(
        labels=labels, boxes=boxes.astype("float32"),
        ids=list(map(str, range(20))), class_names=list("abc"),
    )  # fmt: skip
    rows = rng.permutation(20)[:12]
    stats = box_statistics.statistics(examples, rows)
    expected = dict.fromkeys("abc", 0)
    pictures = dict.fromkeys("abc", 0)
    for row in rows:
        for label in labels[row]:
            expected["abc"[label]] += 1
        for label in set(labels[row]):
            pictures["abc"[label]] += 1
    assert stats.classes == expected and stats.class_pictures == pictures
    assert stats.background == sum(not labels[row] for row in rows)
    assert len(stats.sides) == sum(expected.values())
