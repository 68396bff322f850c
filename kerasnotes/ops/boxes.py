"""How much boxes overlap: intersection over union and its kin.

Boxes are in the formats of `keras.utils.bounding_boxes.convert_format`, which
does every conversion. Coordinates are real numbers: a box from 2 to 5 is 3
wide, and the pixels 2, 3 and 4 are in it. What Keras' converter leaves to the
caller: it returns float32 unless `dtype` says otherwise, it refuses symbolic
tensors, and a height and width for each picture must have the shape
`(batch, 1, 1)` (of `(batch,)` it makes wrong boxes without a word).

Source: Rezatofighi et al., Generalized intersection over union (2019); Zheng
et al., Enhancing geometric factors in model learning and inference for object
detection and instance segmentation (2020), section 3.
"""

import math

import keras
from keras import ops

# The gradient of a quotient overflows where its divisor is less.
_SMALLEST = 1e-30


def iou(
    boxes1,
    boxes2,
    bounding_box_format="xyxy",
    pairwise=True,
    image_shape=None,
):
    """Return the intersection over the union of boxes, from 0 to 1.

    `IoU = |A ∩ B| / |A ∪ B|`

    A box without area, such as the padding [-1, -1, -1, -1] or one whose
    sides are swapped, has 0 with every box, and finite gradients. A NaN stays
    one.

    Args:
        boxes1: `(..., n, 4)`, of numbers; pad ragged ones first. Whatever
            their type, float32 or, where one of the two is that, float64 is
            computed and returned: areas in pixels overflow float16.
        boxes2: `(..., m, 4)`.
        bounding_box_format: of both, as in `keras.utils.bounding_boxes`.
        pairwise: whether each of the n is compared with each of the m. Else
            shapes are broadcast as in `boxes1 + boxes2`.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        `(..., n, m)`, the axes before broadcast; or, not pairwise, the
        broadcast shape without its last axis.

    Raises:
        ValueError: the last axis isn't 4, pairwise boxes have one axis only,
            the format is unknown, or a relative one comes without
            `image_shape`.

    >>> iou([[0, 0, 2, 2], [1, 1, 3, 3]], [[0, 0, 2, 4]]).numpy()
    array([[0.5],
           [0.2]], dtype=float32)
    """
    pair = _corners(boxes1, boxes2, bounding_box_format, pairwise, image_shape)
    return _overlap(*pair)[0]


def giou(
    boxes1,
    boxes2,
    bounding_box_format="xyxy",
    pairwise=True,
    image_shape=None,
):
    r"""Return the generalised IoU of boxes, from -1 to 1.

    `GIoU = IoU - |C \ (A ∪ B)| / |C|`

    where C is the smallest box around both: boxes that don't meet still have
    a gradient towards each other. Where C has no area it is the IoU.

    Args:
        boxes1: as in `iou`, like the others.
        boxes2: boxes.
        bounding_box_format: of both.
        pairwise: whether each is compared with each.
        image_shape: for relative formats.

    Returns:
        As `iou`.

    >>> giou([[0, 0, 1, 1]], [[0, 0, 1, 1], [3, 0, 4, 1]]).numpy()
    array([[ 1. , -0.5]], dtype=float32)
    """
    pair = _corners(boxes1, boxes2, bounding_box_format, pairwise, image_shape)
    share, union = _overlap(*pair)
    width, height = _hull(*pair)
    hull = width * height
    return share - _quotient(hull - union, hull)


def ciou(
    boxes1,
    boxes2,
    bounding_box_format="xyxy",
    pairwise=True,
    image_shape=None,
):
    """Return the complete IoU of boxes: place and shape count too.

    `CIoU = IoU - ρ²/c² - αv`, `v = 4/π² (atan w₁/h₁ - atan w₂/h₂)²`,
    `α = v / (1 - IoU + v)`

    where ρ is the distance of the centres and c the diagonal of the smallest
    box around both. α is a constant to the gradient, as in the paper's code.
    Relative boxes must be of square pictures, or have `image_shape`: ρ, c and
    v are of pixels.

    Args:
        boxes1: as in `iou`, like the others.
        boxes2: boxes.
        bounding_box_format: of both.
        pairwise: whether each is compared with each.
        image_shape: for relative formats.

    Returns:
        As `iou`.

    >>> ciou([[0, 0, 2, 2]], [[0, 0, 2, 2], [3, 0, 5, 2]]).numpy().round(3)
    array([[ 1.  , -0.31]], dtype=float32)
    """
    pair = _corners(boxes1, boxes2, bounding_box_format, pairwise, image_shape)
    share, _ = _overlap(*pair)
    width, height = _hull(*pair)
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = pair
    distance = (ax1 + ax2 - bx1 - bx2) ** 2 + (ay1 + ay2 - by1 - by2) ** 2
    distance = _quotient(distance / 4, width**2 + height**2)
    angles = [_angle(*_sides(box)) for box in pair]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    alpha = ops.stop_gradient(_quotient(v, 1 - share + v))
    return share - distance - alpha * v


def shape_iou(sizes1, sizes2, pairwise=True):
    """Return the IoU of boxes with one centre: of their shapes alone.

    `IoU = min(w₁, w₂) min(h₁, h₂) / (w₁h₁ + w₂h₂ - min(w₁, w₂) min(h₁, h₂))`

    Args:
        sizes1: `(..., n, 2)`: two sides of a box, in one order for all.
        sizes2: `(..., m, 2)`, such as anchors.
        pairwise: as in `iou`.

    Returns:
        As `iou`.

    Raises:
        ValueError: the last axis isn't 2, or pairwise sizes have one axis
            only.

    >>> shape_iou([[2, 4]], [[2, 4], [4, 2], [1, 1]]).numpy().round(3)
    array([[1.   , 0.333, 0.125]], dtype=float32)

    Source: Redmon and Farhadi, YOLO9000 (2017), section 2.
    """
    sizes1, sizes2 = floats(sizes1=sizes1, sizes2=sizes2)
    for name, sizes in (("sizes1", sizes1), ("sizes2", sizes2)):
        _check(name, sizes, 2, pairwise)
    zeros = [ops.zeros_like(sizes) for sizes in (sizes1, sizes2)]
    sizes = [
        ops.concatenate(pair, -1)
        for pair in zip(zeros, (sizes1, sizes2), strict=True)
    ]
    return iou(*sizes, pairwise=pairwise)


def wide(x):
    """Return a tensor in float32 or, where it is that, float64.

    Args:
        x: an array of numbers.

    >>> wide(keras.ops.ones([2], "float16")).dtype
    tf.float32
    """
    x = ops.convert_to_tensor(x)
    dtype = keras.backend.standardize_dtype(x.dtype)
    return x if dtype == "float64" else ops.cast(x, "float32")


def floats(**arrays):
    """Return tensors of one type, of floats wide enough for areas.

    Args:
        **arrays: of numbers.

    Returns:
        A list of them, in float32 or, where one of them is that, float64.

    >>> [x.dtype for x in floats(a=[1], b=ops.zeros(2, "float64"))]
    [tf.float64, tf.float64]
    """
    arrays = [ops.convert_to_tensor(array) for array in arrays.values()]
    types = {keras.backend.standardize_dtype(array.dtype) for array in arrays}
    dtype = "float64" if "float64" in types else "float32"
    return [ops.cast(array, dtype) for array in arrays]


def _check(name, array, size, pairwise):
    shape = tuple(array.shape)
    if len(shape) < 1 + pairwise or shape[-1] != size:
        before = "..., n" if pairwise else "..."
        raise ValueError(
            f"`{name}` must have the shape ({before}, {size}). "
            f"Received: shape {shape}"
        )


def _corners(boxes1, boxes2, bounding_box_format, pairwise, image_shape):
    """Return x1, y1, x2, y2 of each of the two, such that they broadcast."""
    pair = floats(boxes1=boxes1, boxes2=boxes2)
    corners = []
    for i, boxes in enumerate(pair):
        _check(f"boxes{i + 1}", boxes, 4, pairwise)
        boxes = xyxy(boxes, bounding_box_format, image_shape)
        if pairwise:
            boxes = ops.expand_dims(boxes, -3 if i else -2)
        corners.append([boxes[..., j] for j in range(4)])
    return corners


def xyxy(boxes, bounding_box_format, image_shape=None):
    """Return boxes of any format of Keras' as corners, in their own type.

    Args:
        boxes: a tensor of floats, `(..., 4)`.
        bounding_box_format: theirs.
        image_shape: `(height, width, channels)`, for relative formats.

    Raises:
        ValueError: the format is unknown, or `image_shape` is missing.

    >>> boxes = keras.ops.convert_to_tensor([[3.0, 4.0, 2.0, 6.0]])
    >>> xyxy(boxes, "center_xywh").numpy()
    array([[2., 1., 4., 7.]], dtype=float32)
    """
    if bounding_box_format.lower() == "xyxy":
        # Which takes symbolic tensors too.
        return boxes
    if bounding_box_format.lower().startswith("rel") and image_shape is None:
        raise ValueError(
            "`image_shape` must come with a relative format. Received: "
            f"bounding_box_format={bounding_box_format!r}, image_shape=None"
        )
    height, width = image_shape[:2] if image_shape else (None, None)
    return keras.utils.bounding_boxes.convert_format(
        boxes,
        source=bounding_box_format,
        target="xyxy",
        height=height,
        width=width,
        dtype=keras.backend.standardize_dtype(boxes.dtype),
    )


def _sides(box):
    """Return width and height, those of swapped sides as 0."""
    x1, y1, x2, y2 = box
    return ops.maximum(x2 - x1, 0), ops.maximum(y2 - y1, 0)


def _overlap(a, b):
    """Return the IoU and the area of the union."""
    meeting = [ops.maximum(a[i], b[i]) for i in (0, 1)]
    meeting += [ops.minimum(a[i], b[i]) for i in (2, 3)]
    areas = [width * height for width, height in map(_sides, (a, b, meeting))]
    union = areas[0] + areas[1] - areas[2]
    return _quotient(areas[2], union), union


def _hull(a, b):
    """Return width and height of the smallest box around all corners."""
    return [
        ops.maximum(ops.maximum(a[i], a[i + 2]), ops.maximum(b[i], b[i + 2]))
        - ops.minimum(ops.minimum(a[i], a[i + 2]), ops.minimum(b[i], b[i + 2]))
        for i in (0, 1)
    ]


def _angle(width, height):
    """Return atan w/h, 0 for a point, where its gradient would be NaN."""
    nothing = width**2 + height**2 <= _SMALLEST
    return ops.arctan2(width, ops.where(nothing, 1.0, height))


def _quotient(part, total):
    """Return part / total, 0 where the total is next to none."""
    nothing = total <= _SMALLEST
    # The divisor too, or the gradient is that of 0/0.
    quotient = part / ops.where(nothing, 1.0, total)
    return ops.where(nothing, 0.0, quotient)
