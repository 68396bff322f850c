"""Answers in COCO's format of results."""

import json

import pytest

from kerasnotes import errors
from kerasnotes.tasks.detect import coco, config

ROW = {"label": "dog", "confidence": 0.9, "left": 1.0, "top": 2.0}
ROW |= {"right": 4.5, "bottom": 9.0}


@pytest.mark.parametrize(
    "facts, number",
    [({"category_ids": [3, 90]}, 90), ({}, 2)],
)
def test_numbers_are_those_of_the_set(tmp_path, capsys, facts, number):
    given = config.Config(run_dir=str(tmp_path))
    facts = {"classes": ["cat", "dog"], **facts}
    rows = [ROW | {"file": "a/000012.jpg"}, {"file": "b.jpg", "label": ""}]
    assert list(coco.written(rows, facts, given)) == rows
    path = tmp_path / "predictions" / "coco.json"
    (result,) = json.loads(path.read_text())
    assert result == {
        "image_id": 12,
        "category_id": number,
        "bbox": [1.0, 2.0, 3.5, 7.0],
        "score": 0.9,
    }
    assert f"{number} dog" in capsys.readouterr().out
    twice = [ROW | {"file": f"{part}/7.png"} for part in "ab"]
    with pytest.raises(errors.UserError, match="both be image_id 7"):
        list(coco.written(twice, facts, given))
