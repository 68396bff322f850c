"""COCO's polygons and run lengths as masks."""

import numpy as np
import pytest
from pycocotools import mask as coco_masks

from kerasnotes import errors
from tests.support import mask_files
from tests.support.box_files import text

HEIGHT, WIDTH = 20, 30
BOX = np.s_[4:12, 6:20]


def segmentations():
    """Return a rectangle as polygon, as run lengths, and these as text."""
    pixels = np.zeros([HEIGHT, WIDTH], np.uint8, order="F")
    pixels[BOX] = 1
    packed = coco_masks.encode(pixels)
    counts, value, column = [], 0, pixels.ravel("F")
    while len(column):
        run = int(np.argmax(column != value)) if (column != value).any() else 0
        run = run if (column != value).any() else len(column)
        counts.append(run)
        column, value = column[run:], 1 - value
    return {
        "polygon": [[6, 4, 20, 4, 20, 12, 6, 12]],
        "runs": {"size": [HEIGHT, WIDTH], "counts": counts},
        "text": {
            "size": [HEIGHT, WIDTH],
            "counts": packed["counts"].decode(),
        },
    }


def write(root, objects, size=(HEIGHT, WIDTH)):
    """Write two pictures, the second with a polygon in a corner."""
    for split in ("train", "val"):
        mask_files.picture(root / split / "a.png", 0, (WIDTH, HEIGHT))
        value = {
            "images": [
                {"id": 7, "file_name": "a.png", "height": size[0],
                 "width": size[1]}
            ],
            "categories": [
                {"id": 3, "name": "cell"}, {"id": 9, "name": "seed"}
            ],
            "annotations": [
                {"id": i, "image_id": 7, "bbox": [1, 1, 5, 5], **row}
                for i, row in enumerate(objects)
            ],
        }  # fmt: skip
        text(root / f"instances_{split}.json", value)
    return root


def read(root):
    return mask_files.examples(root, (HEIGHT, WIDTH))


@pytest.mark.parametrize("kind", ["polygon", "runs", "text"])
def test_a_shape_is_where_it_is_drawn(tmp_path, kind):
    shape = segmentations()[kind]
    got = read(write(tmp_path, [{"category_id": 9, "segmentation": shape}]))
    want = np.zeros([HEIGHT, WIDTH])
    want[BOX] = 2
    np.testing.assert_array_equal(got.labels, [want, want])
    assert got.class_names == ["background", "cell", "seed"]
    assert {k: v.tolist() for k, v in got.official.items()} == {
        "train": [0], "dev": [1]
    }  # fmt: skip
    assert "COCO's shapes" in got.notes[0]


def test_small_objects_lie_on_large_ones_and_crowds_are_ignored(tmp_path):
    def square(left, side, category, crowd=0):
        corners = [left, 0, left + side, 0, left + side, side, left, side]
        shape = [corners]
        if crowd:
            runs = coco_masks.merge(
                coco_masks.frPyObjects(shape, HEIGHT, WIDTH)
            )
            shape = {**runs, "counts": runs["counts"].decode()}
        return {
            "category_id": category, "segmentation": shape, "iscrowd": crowd
        }  # fmt: skip

    objects = [square(2, 4, 3), square(0, 12, 9), square(8, 14, 3, crowd=1)]
    got = read(write(tmp_path, objects)).labels[0]
    assert got[1, 3] == 1 and got[10, 1] == 2 and got[13, 15] == 255
    assert got[1, 10] == 2 and got[18, 1] == 0


def test_what_has_no_shape_is_counted(tmp_path):
    objects = [
        {"category_id": 3, "segmentation": segmentations()["polygon"]},
        {"category_id": 3, "segmentation": [[1, 1, 2]]},
        {"category_id": 3, "segmentation": {"size": [1, 2], "counts": "a"}},
        {"category_id": 3},
    ]
    got = read(write(tmp_path, objects))
    assert any(
        line.startswith("objects without a polygon or run lengths")
        and ": 6; the first: instances_train.json: annotations[1]" in line
        for line in got.notes
    )


def test_other_sizes_are_skipped(tmp_path):
    objects = [{"category_id": 3, "segmentation": segmentations()["polygon"]}]
    with pytest.raises(errors.UserError, match="another size than their pict"):
        read(write(tmp_path, objects, (HEIGHT, WIDTH + 1)))
