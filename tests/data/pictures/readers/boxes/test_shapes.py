"""Outlines and run lengths of objects, as COCO and LabelMe write them."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import load_boxes, object_masks
from kerasnotes.data.pictures.readers import digit_scenes

_SQUARE = [10, 4, 20, 4, 20, 12, 10, 12]


def _coco(folder, annotations, size=(24, 16), exif=None):
    picture = Image.new("RGB", size, (90, 90, 90))
    picture.save(folder / "a.jpg", exif=exif or Image.Exif())
    rows = [
        {"id": i, "image_id": 1, "category_id": 3} | row
        for i, row in enumerate(annotations, 1)
    ]
    image = {"id": 1, "file_name": "a.jpg", "width": 24, "height": 16}
    value = {
        "images": [image],
        "annotations": rows,
        "categories": [{"id": 3, "name": "cell"}],
    }
    (folder / "all.json").write_text(json.dumps(value))


def _read(folder, size=(16, 24), **options):
    examples = load_boxes.load(
        str(folder), image_size=size, masks=True, **options
    )
    masks = object_masks.unpack(examples.masks[0], size[1]).numpy()
    return examples, masks


def test_coco_outlines_run_lengths_and_objects_without(tmp_path):
    runs = np.zeros((16, 24), np.uint8)
    runs[3:9, 2:5] = 1
    lengths = np.flatnonzero(np.diff(runs.T.ravel(), prepend=0, append=0))
    counts = np.diff([0, *lengths, runs.size]).tolist()
    _coco(
        tmp_path,
        [
            {"bbox": [10, 4, 10, 8], "segmentation": [_SQUARE]},
            {
                "bbox": [2, 3, 3, 6],
                "segmentation": {"size": [16, 24], "counts": counts},
            },
            {"bbox": [1, 1, 5, 2]},
        ],
    )
    examples, masks = _read(tmp_path)
    assert masks.sum((1, 2)).tolist() == [80, 18, 0]
    assert masks[0, 4:12, 10:20].all()
    np.testing.assert_array_equal(masks[1], runs == 1)
    assert examples.crowd.to_list() == [[False, False, True]]
    assert any("without an outline" in note for note in examples.notes)
    # Twice as large, each pixel is four.
    _, masks = _read(tmp_path, (32, 48))
    assert masks.sum((1, 2)).tolist() == [320, 72, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_turn_with_their_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    corner = [0, 0, 24, 0, 24, 4, 6, 4, 6, 16, 0, 16]
    _coco(
        tmp_path,
        [
            {"bbox": [10, 4, 10, 8], "segmentation": [_SQUARE]},
            {"bbox": [0, 0, 24, 16], "segmentation": [corner]},
        ],
        exif=exif,
    )
    shape = (24, 16) if orientation >= 5 else (16, 24)
    examples, masks = _read(tmp_path, shape)
    boxes, _ = object_masks.tight_boxes(masks)
    np.testing.assert_allclose(examples.boxes[0], boxes, atol=1e-4)


def test_labelme_polygons_are_masks(tmp_path):
    Image.new("RGB", (24, 16)).save(tmp_path / "a.png")
    points = np.reshape(_SQUARE, (-1, 2)).tolist()
    shapes = [
        {"label": "cell", "points": points, "shape_type": "polygon"},
        {
            "label": "cell",
            "points": [[1, 1], [5, 3]],
            "shape_type": "rectangle",
        },
    ]
    value = {"shapes": shapes, "imagePath": "a.png", "imageHeight": 16}
    (tmp_path / "a.json").write_text(json.dumps(value | {"imageWidth": 24}))
    _, masks = _read(tmp_path)
    assert masks.sum((1, 2)).tolist() == [80, 8]


def test_a_set_of_boxes_alone_is_refused(tmp_path):
    _coco(tmp_path, [{"bbox": [1, 1, 5, 2]}])
    with pytest.raises(errors.UserError, match="no object has an outline"):
        _read(tmp_path)


class FewDigits(digit_scenes._Builder):
    """Few of the scenes of `many_digits`, which take seconds."""

    SCENE = dataclasses.replace(
        digit_scenes.MANY, sizes={"train": 6, "dev": 3, "test": 3}
    )


def test_scenes_have_the_pixels_of_their_digits(tmp_path):
    examples = digit_scenes.read(FewDigits, data_dir=tmp_path, masks=True)
    row = examples.official["dev"][0]
    _, shown, _ = next(digit_scenes.opacities(FewDigits.SCENE, "dev"))
    masks = object_masks.unpack(examples.masks[row], 96).numpy()
    ink = shown >= digit_scenes.INK
    np.testing.assert_array_equal(masks, ink[ink.any((1, 2))])
    boxes, _ = object_masks.tight_boxes(masks)
    np.testing.assert_array_equal(examples.boxes[row], boxes)
