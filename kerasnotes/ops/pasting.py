"""Masks of boxes as masks of pictures."""

from keras import ops

from kerasnotes import errors


def paste_masks(masks, boxes, image_shape, threshold=None):
    """Return the masks of boxes as masks of the picture, by interpolation.

    A mask of S×S cells is stretched over its box, whose cell i reaches from
    `x0 + i (x1 - x0) / S` to `x0 + (i + 1)(x1 - x0) / S`, and has its value in
    the middle. With u and v the places in the mask of the middle x + ½, y + ½
    of a pixel, `u = S (x + ½ - x0) / (x1 - x0) - ½`, clipped to 0 and S - 1,
    the pixel is

    `Σ_i Σ_j max(0, 1 - |v - i|) max(0, 1 - |u - j|) m_ij`

    where `x0 ≤ x + ½ < x1` and `y0 ≤ y + ½ < y1`, and 0 elsewhere. So the
    masks of the border's cells go on to the box's border, and a mask that
    `roi_align` cuts out of a picture comes back to its place. A box that
    reaches over the picture's border is cut off there.

    Bilinear weights are a product of one of rows and one of columns, so that
    two products of matrices do it.

    Args:
        masks: probabilities of an object at places of its box, `(batch, n, S,
            S)`.
        boxes: `xyxy` in pixels of the picture, `(batch, n, 4)`.
        image_shape: height and width of the picture: numbers, or a tensor,
            such as that of a photo of any size.
        threshold: the probability from which on a pixel is the object's; None
            for probabilities.

    Returns:
        `(batch, n, height, width)`: float32, or bool with a threshold. Those
        of a box without area, or which is no number, are 0.

    Raises:
        ValueError: a shape doesn't fit.

    >>> masks = ops.convert_to_tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    >>> boxes = ops.convert_to_tensor([[[1.0, 0, 5, 1]]])
    >>> paste_masks(masks, boxes, (1, 6))[0, 0].numpy()
    array([[0.  , 0.  , 0.25, 0.75, 1.  , 0.  ]], dtype=float32)

    Source: He et al., Mask R-CNN (2017), section 3.1.
    """
    masks, boxes = _inputs(masks, boxes)
    sides = boxes[..., 2:] - boxes[..., :2]
    proper = ops.all(
        ops.logical_and(sides > 0, ops.isfinite(sides)), axis=-1, keepdims=True
    )
    boxes = ops.where(proper, boxes, 0.0)
    # A product of 0 and what is no number is none.
    masks = ops.where(proper[..., None], masks, 0.0)
    rows, columns = (
        _weights(boxes[..., i], boxes[..., i + 2], masks.shape[-1], length)
        for i, length in ((1, image_shape[0]), (0, image_shape[1]))
    )
    lines = ops.matmul(rows, masks)
    answer = ops.matmul(lines, ops.swapaxes(columns, -2, -1))
    return answer if threshold is None else answer >= threshold


def _inputs(masks, boxes):
    masks, boxes = (
        ops.cast(ops.convert_to_tensor(x), "float32") for x in (masks, boxes)
    )
    shape = tuple(masks.shape)
    if len(shape) != 4 or None in shape[2:] or shape[2] != shape[3]:
        raise errors.refusal(
            "`masks`",
            "`masks` must have the shape (batch, n, S, S), of a known S. "
            f"Received: shape {shape}",
        )
    if len(boxes.shape) != 3 or boxes.shape[-1] != 4:
        raise errors.refusal(
            "`boxes`",
            "`boxes` must have the shape (batch, n, 4). Received: shape "
            f"{tuple(boxes.shape)}",
        )
    return masks, boxes


def _weights(first, last, cells, length):
    """Return what each cell of an axis counts for each pixel of it.

    Args:
        first: where the boxes begin, `(batch, n)`.
        last: where they end; equal where there is no box.
        cells: S.
        length: the pixels of the axis.

    Returns:
        `(batch, n, length, cells)`, 0 outside of the box.
    """
    middles = ops.cast(ops.arange(length), "float32") + 0.5
    first, last = first[..., None], last[..., None]
    side = ops.where(last > first, last - first, 1.0)
    places = (middles - first) / side * cells - 0.5
    places = ops.clip(places, 0.0, cells - 1.0)
    distance = ops.abs(places[..., None] - ops.arange(cells, dtype="float32"))
    inside = ops.logical_and(middles >= first, middles < last)
    return ops.where(inside[..., None], ops.maximum(1 - distance, 0.0), 0.0)
