"""Pasted masks against a plain loop, and on their way back."""

import keras
import numpy as np
import pytest

from kerasnotes.ops import paste_masks, roi_align

SHAPE = 23, 31


def data(seed=0, batch=2, n=20, side=7):
    """Return masks and boxes, some beyond the border, some without area."""
    rng = np.random.default_rng(seed)
    masks = rng.uniform(size=(batch, n, side, side))
    first = rng.uniform(-9, 25, (batch, n, 2))
    boxes = np.concatenate([first, first + rng.uniform(0, 20, first.shape)], -1)
    boxes[0, :7] = [
        *([0, 0, 0, 0], [-1, -1, -1, -1], [9, 9, 4, 20], [3, 4, 8, 4]),
        *([np.nan, 0, 9, 9], [0, 0, np.inf, 9], [-np.inf, 0, np.inf, 9]),
    ]
    boxes[1, :3] = [[0, 0, 31, 23], [2.5, 3.5, 6.5, 9.5], [-99, -9, 99, 99]]
    return masks.astype("float32"), boxes.astype("float32")


def pasted(mask, box, height, width):
    """Return a mask in the picture, pixel by pixel."""
    answer, side = np.zeros((height, width)), len(mask)
    x0, y0, x1, y1 = box.astype("float64")
    if not (np.isfinite(box).all() and x0 < x1 and y0 < y1):
        return answer
    for y, x in np.ndindex(height, width):
        if not (x0 <= x + 0.5 < x1 and y0 <= y + 0.5 < y1):
            continue
        v = min(max((y + 0.5 - y0) / (y1 - y0) * side - 0.5, 0), side - 1)
        u = min(max((x + 0.5 - x0) / (x1 - x0) * side - 0.5, 0), side - 1)
        i, j = int(v), int(u)
        k, m = min(i + 1, side - 1), min(j + 1, side - 1)
        v, u = v - i, u - j
        above = (1 - u) * mask[i, j] + u * mask[i, m]
        below = (1 - u) * mask[k, j] + u * mask[k, m]
        answer[y, x] = (1 - v) * above + v * below
    return answer


def test_pixels_are_those_of_a_plain_loop():
    masks, boxes = data()
    # Of padding a mask may be anything.
    masks[0, :7] = np.nan
    got = paste_masks(masks, boxes, SHAPE)
    assert got.shape == (2, 20, *SHAPE)
    got = keras.ops.convert_to_numpy(got)
    assert got.dtype == "float32"
    for i in np.ndindex(2, 20):
        want = pasted(masks[i], boxes[i], *SHAPE)
        np.testing.assert_allclose(got[i], want, atol=2e-5)
    assert not got[0, :7].any() and (got[1, 0] > 0).all()
    assert got[1, 1].any(0).sum() == 4 and got[1, 1].any(1).sum() == 6


def test_a_threshold_is_a_probability_from_which_on_a_pixel_counts():
    masks, boxes = data(1)
    got = paste_masks(masks, boxes, SHAPE, 0.5)
    want = keras.ops.convert_to_numpy(paste_masks(masks, boxes, SHAPE)) >= 0.5
    np.testing.assert_array_equal(got, want)
    ones = np.ones((1, 1, 5, 5), "float32")
    got = paste_masks(0.5 * ones, [[[1.0, 2, 4, 7]]], (9, 9), 0.5)
    got = keras.ops.convert_to_numpy(got)[0, 0]
    assert got[2:7, 1:4].all() and got.sum() == 15


def shapes(height, width):
    """Return a rectangle and an ellipse, with their tight boxes."""
    y, x = np.mgrid[:height, :width] + 0.5
    rectangle = (x > 11) & (x < 90) & (y > 5) & (y < 60)
    ellipse = ((x - 70) / 44) ** 2 + ((y - 40) / 33) ** 2 < 1
    for mask in (rectangle, ellipse):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        yield (
            mask,
            [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1],
        )


@pytest.mark.parametrize("side", [14, 28])
def test_what_roi_align_cuts_out_comes_back(side):
    for mask, box in shapes(80, 120):
        maps = mask[None, ..., None].astype("float32")
        boxes = np.array([[box]], "float32")
        cut = roi_align(maps, boxes, side, 1)[..., 0]
        back = paste_masks(cut, boxes, mask.shape, 0.5)
        back = keras.ops.convert_to_numpy(back)[0, 0]
        assert (back & mask).sum() / (back | mask).sum() >= 0.95
    # Lines are cut out and pasted as they are, and don't shrink at borders.
    x = np.broadcast_to(np.arange(40.0) + 0.5, (1, 30, 40))[..., None]
    boxes = np.array([[[4, 4, 32, 18]]], "float32")
    cut = roi_align(x.astype("float32"), boxes, 14, 1, samples=1)[..., 0]
    back = keras.ops.convert_to_numpy(paste_masks(cut, boxes, (30, 40)))[0, 0]
    np.testing.assert_allclose(back[4:18, 5:31], x[0, 4:18, 5:31, 0], atol=1e-4)


def test_no_pictures_and_no_boxes():
    masks, boxes = data()
    assert paste_masks(masks[:, :0], boxes[:, :0], SHAPE).shape == (
        *(2, 0),
        *SHAPE,
    )
    assert paste_masks(masks[:0], boxes[:0], SHAPE).shape == (0, 20, *SHAPE)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="sizes are tensors there"
)
def test_photos_of_any_size():
    import tensorflow as tf

    masks, boxes = data()

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 7, 7]),
            tf.TensorSpec([None, None, 4]),
            tf.TensorSpec([2], tf.int32),
        ]
    )
    def paste(masks, boxes, shape):
        return paste_masks(masks, boxes, shape)

    for shape in (SHAPE, (5, 40)):
        got = paste(masks, boxes, tf.constant(shape))
        want = paste_masks(masks, boxes, shape)
        np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize(
    ("masks", "boxes", "message"),
    [
        ((1, 2, 3), (1, 2, 4), "`masks` must have the shape"),
        ((1, 2, 3, 4), (1, 2, 4), "`masks` must have the shape"),
        ((1, 2, 3, 3), (1, 2, 5), "`boxes` must have the shape"),
    ],
)
def test_refuses(masks, boxes, message):
    with pytest.raises(ValueError, match=message):
        paste_masks(np.zeros(masks), np.zeros(boxes), (8, 8))
