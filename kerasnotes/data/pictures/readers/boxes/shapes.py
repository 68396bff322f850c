"""Outlines and run lengths of objects as their pixels."""

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import mask_sizes, object_masks
from kerasnotes.data.pictures.readers.boxes import json_files

NO_SHAPE = "objects without an outline or run lengths, not to count"


def drawing():
    """Return pycocotools' `mask` module.

    Raises:
        UserError: it isn't installed.
    """
    return errors.optional_import(
        "--dataset with outlines", "pycocotools.mask", "detect"
    )


def drawn(shape, size):
    """Return the pixels of an object, bool `size`, or None where it has none.

    Args:
        shape: a list of outlines, each a list of x, y, x, y, … from edges; or
            COCO's run lengths, compressed or not.
        size: height and width of the picture that the shape is of.

    >>> drawn([[1, 0, 3, 0, 3, 1, 1, 1]], (2, 4)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 0, 0, 0]]
    >>> drawn({"size": [1, 3], "counts": [1, 2]}, (1, 3)).tolist()
    [[False, True, True]]
    """
    masks, (height, width) = drawing(), size
    if isinstance(shape, list):
        parts = [list(json_files.numbers(part)) for part in shape]
        parts = [p for p in parts if len(p) >= 6 and len(p) % 2 == 0]
        if not parts or not np.isfinite(sum(parts, [])).all():
            return None
        runs = masks.merge(masks.frPyObjects(parts, height, width))
    elif isinstance(shape, dict) and shape.get("size") == [height, width]:
        runs = shape
        if isinstance(shape.get("counts"), list):
            runs = masks.frPyObjects(shape, height, width)
    else:
        return None
    try:
        return masks.decode(runs).astype(bool)
    except (TypeError, ValueError, RuntimeError):
        return None


def packed(boxes, picture_size, size, mode, problems, annotation):
    """Return the packed masks of a picture's objects, uint8 `[n, …]`.

    One without a shape can be neither learned nor judged: it becomes a crowd,
    which no answer is wrong about.

    Args:
        boxes: the `checks.Boxes`, whose `crowd` is changed.
        picture_size: the `checks.PictureSize`.
        size: what pictures are resized to.
        mode: how, see `decode.resize`.
        problems: the `records.Problems`, to which is added.
        annotation: the `records.Annotation`, for its file and place.
    """
    size = (size, size) if isinstance(size, int) else tuple(size)
    is_turned = boxes.turn > 1
    drawn_size = picture_size.stored if is_turned else picture_size.shown
    masks = np.zeros((len(boxes.labels), *size), bool)
    for i, shape in enumerate(boxes.shapes):
        pixels = drawn(shape, drawn_size)
        if pixels is None or not pixels.any():
            boxes.crowd[i] = True
            problems.add(NO_SHAPE, annotation.file, annotation.place)
        else:
            masks[i] = mask_sizes.resize(
                _turned(pixels, boxes.turn), size, mode, outside=False
            )
    return object_masks.pack(masks)


def _turned(pixels, orientation):
    """Return the pixels of the picture as EXIF's orientation shows it."""
    if orientation in (2, 3, 7, 8):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    return pixels.T if orientation >= 5 else pixels
