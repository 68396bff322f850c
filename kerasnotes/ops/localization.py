"""The course's vector of one object, from boxes and back.

`y = [p_c, b_x, b_y, b_h, b_w, c_1 … c_n, x_1, y_1 … x_K, y_K]`

b_x, b_y are the box's centre, b_h, b_w its height and width, and x, y the
landmarks, all as shares of the picture. Keras' own formats have the width
before the height. In pixels boxes count from the picture's edge, and landmarks
from the centre of the first pixel, half a pixel from there.
"""

import math

import keras
from keras import ops

from kerasnotes import errors


def notes_target(
    boxes,
    labels,
    classes=0,
    landmarks=None,
    visible=None,
    bounding_box_format="xyxy",
    image_shape=None,
):
    """Return y for the object of each picture.

    Args:
        boxes: `(batch, 4)`; anything where there is no object.
        labels: `(batch,)`: the class, or below 0 where there is no object. Of
            one that is no class, the columns of the classes are NaN.
        classes: n; 0 where there is one kind of object, whose label is 0.
        landmarks: points x, y, `(batch, K, 2)`, in pixels or, with a relative
            format, as shares; or None.
        visible: bool `(batch, K)`; None for all. The others are NaN in y, for
            which the losses have no gradient.
        bounding_box_format: as in `keras.utils.bounding_boxes`.
        image_shape: `(height, width, channels)`, unless the format is
            relative.

    Returns:
        float32 `(batch, 5 + n + 2K)`; where there is no object, zeros.

    Raises:
        ValueError: `image_shape` is missing.

    >>> notes_target([[2, 0, 6, 4]], [1], 2, image_shape=(8, 8, 3)).numpy()
    array([[1.  , 0.5 , 0.25, 0.5 , 0.5 , 0.  , 1.  ]], dtype=float32)

    Source: course 4, "Object localization".
    """
    height, width = _size(bounding_box_format, image_shape)
    labels = ops.cast(ops.convert_to_tensor(labels), "int32")
    boxes = ops.convert_to_tensor(boxes)
    box = keras.utils.bounding_boxes.convert_format(
        *(boxes, bounding_box_format, "rel_center_xywh", height, width)
    )
    parts = [
        ops.ones_like(box[:, :1]),
        *(box[:, :2], box[:, 3:], box[:, 2:3]),
        *([_one_hot(labels, classes)] if classes else []),
    ]
    if landmarks is not None:
        points = ops.cast(ops.convert_to_tensor(landmarks), "float32")
        if not _is_relative(bounding_box_format):
            size = ops.convert_to_tensor([width, height], "float32")
            points = (points + 0.5) / size
        if visible is not None:
            visible = ops.cast(ops.convert_to_tensor(visible), "bool")
            points = ops.where(visible[..., None], points, math.nan)
        batch, count, _ = ops.shape(points)
        parts.append(ops.reshape(points, (batch, 2 * count)))
    present = (labels >= 0)[:, None]
    return ops.where(present, ops.concatenate(parts, axis=-1), 0.0)


def notes_answer(
    y,
    classes=0,
    threshold=0.5,
    from_logits=True,
    bounding_box_format="xyxy",
    image_shape=None,
):
    """Return what a vector y says, such as the answer of a network.

    Args:
        y: `(batch, 5 + n + 2K)`.
        classes: n.
        threshold: of p_c, above which there is an object.
        from_logits: whether p_c and the classes are logits, as those of
            `models.Localizer`; else probabilities, as in `notes_target`.
        bounding_box_format: of the boxes returned.
        image_shape: `(height, width, channels)`, unless the format is
            relative.

    Returns:
        A dictionary of `boxes` `(batch, 4)`, `labels` int32 `(batch,)`, -1
        where there is no object, `presence`, the probability p_c `(batch,)`,
        `probabilities` `(batch, n)`, and `landmarks` `(batch, K, 2)` in
        pixels or, with a relative format, shares. Boxes and landmarks are
        answered whether there is an object or not.

    Raises:
        ValueError: `image_shape` is missing, or y has too few columns.

    >>> y = [[0.9, 0.5, 0.25, 0.5, 0.5, 0.1, 0.9]]
    >>> size = (8, 8, 3)
    >>> answer = notes_answer(y, 2, from_logits=False, image_shape=size)
    >>> answer["boxes"].numpy(), answer["labels"].numpy()
    (array([[2., 0., 6., 4.]], dtype=float32), array([1], dtype=int32))
    """
    height, width = _size(bounding_box_format, image_shape)
    y = ops.cast(ops.convert_to_tensor(y), "float32")
    count = y.shape[-1] - 5 - classes
    if count < 0 or count % 2:
        raise errors.refusal(
            "`y`",
            f"`y` must have 5 + {classes} columns and two a landmark. "
            f"Received: {y.shape[-1]}",
        )
    presence, chances = y[:, 0], y[:, 5 : 5 + classes]
    if from_logits:
        presence = ops.sigmoid(presence)
        chances = ops.softmax(chances) if classes else chances
    labels = ops.zeros_like(presence, dtype="int32")
    if classes:
        labels = ops.cast(ops.argmax(chances, axis=-1), "int32")
    box = ops.stack([y[:, i] for i in (1, 2, 4, 3)], axis=-1)
    points = ops.reshape(y[:, 5 + classes :], (ops.shape(y)[0], count // 2, 2))
    if not _is_relative(bounding_box_format):
        size = ops.convert_to_tensor([width, height], "float32")
        points = points * size - 0.5
    return {
        "boxes": keras.utils.bounding_boxes.convert_format(
            *(box, "rel_center_xywh", bounding_box_format, height, width)
        ),
        "labels": ops.where(presence > threshold, labels, -1),
        "presence": presence,
        "probabilities": chances,
        "landmarks": points,
    }


def _one_hot(labels, classes):
    rows = ops.one_hot(
        ops.clip(labels, 0, classes - 1), classes, dtype="float32"
    )
    # Zeros would cost nothing, whatever is answered.
    return ops.where((labels < classes)[:, None], rows, math.nan)


def _is_relative(bounding_box_format):
    return bounding_box_format.lower().startswith("rel")


def _size(bounding_box_format, image_shape):
    if _is_relative(bounding_box_format):
        # The converter asks for what it doesn't use.
        return 1, 1
    if image_shape is None:
        raise errors.refusal(
            "`image_shape`",
            "`image_shape` must come with boxes in pixels. Received: "
            f"bounding_box_format={bounding_box_format!r}, image_shape=None",
        )
    return image_shape[:2]
