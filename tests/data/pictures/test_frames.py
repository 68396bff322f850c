"""Boxes and points follow `decode.resize` exactly."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures import decode, frames

SHAPES = [(40, 60), (60, 40), (33, 47), (100, 37), (21, 200)]
each_mode = pytest.mark.parametrize("mode", decode.MODES)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def ramp(shape, axis):
    """Return a picture whose pixels hold their own column or row."""
    at = np.arange(shape[axis], dtype=np.uint8)
    at = at[:, None] if axis == 0 else at[None]
    return np.broadcast_to(at, shape)[..., None]


@each_mode
@each_shape
@pytest.mark.parametrize("size", [(24, 24), (17, 31)])
def test_a_pixel_shows_where_it_comes_from(mode, shape, size):
    """Each pixel of a resized ramp is the place that points go back to."""
    part, place = (t.numpy() for t in decode.windows(shape, size, mode))
    for axis in (0, 1):
        shown = decode.resize(ramp(shape, axis), size, 1, mode).numpy()
        shown = shown[..., 0].astype(float)
        y, x = np.mgrid[: size[0], : size[1]].astype(float)
        points = np.stack([x, y], -1).reshape(1, 1, -1, 2)
        origin = frames.original_points(points, [shape], size, mode)
        origin = origin.numpy().reshape(*size, 2)[..., 1 - axis]
        # Near the border the kernel has nothing beyond to weigh.
        margin = 2 + int(part[2 + axis] / place[2 + axis] / place[2 + axis])
        inner = np.zeros(size, bool)
        top, left, height, width = place
        inner[
            top + margin : top + height - margin,
            left + margin : left + width - margin,
        ] = True
        if not inner.any():
            continue
        # The pixels are rounded.
        np.testing.assert_allclose(shown[inner], origin[inner], atol=0.501)


@each_mode
def test_drawn_then_resized_is_resized_then_drawn(mode):
    """Whole factors, so that edges stay edges."""
    picture = np.zeros([16, 32, 1], np.uint8)
    box = np.array([12.0, 4, 20, 12])
    picture[4:12, 12:20] = 255
    size = {"stretch": (8, 8), "pad": (16, 16), "crop": (8, 8)}[mode]
    drawn = decode.resize(
        np.repeat(np.repeat(picture, 4, 0), 4, 1), size, 1, mode
    )
    moved = frames.resized_boxes(box[None, None] * 4, [[64, 128]], size, mode)
    left, top, right, bottom = moved.numpy().astype(int).ravel()
    np.testing.assert_array_equal(moved.numpy().ravel() % 1, 0)
    inside = np.zeros(size, bool)
    inside[top:bottom, left:right] = True
    np.testing.assert_array_equal(drawn[..., 0].numpy() > 127, inside)


@each_mode
@each_shape
def test_there_and_back(mode, shape):
    rng = np.random.default_rng(0)
    boxes = rng.uniform(-9, 99, (1, 5, 4))
    points = rng.uniform(-9, 99, (1, 5, 3, 2))
    for way, back, values in (
        (frames.resized_boxes, frames.original_boxes, boxes),
        (frames.resized_points, frames.original_points, points),
    ):
        moved = way(values, [shape], (24, 31), mode)
        again = back(moved, [shape], (24, 31), mode)
        np.testing.assert_allclose(again, values, atol=1e-9)


@each_mode
def test_ragged_and_in_a_graph(mode):
    """As a served model does it: float32 answers, sizes of a batch."""
    shapes = np.array(SHAPES[:3], np.int32)
    rng = np.random.default_rng(1)
    dense = rng.uniform(0, 24, (3, 4, 4)).astype("float32")
    expected = frames.original_boxes(dense, shapes, 24, mode).numpy()

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 4]),
            tf.TensorSpec([None, 2], tf.int32),
        ]
    )
    def served(boxes, shapes):
        return frames.original_boxes(boxes, shapes, 24, mode)

    np.testing.assert_allclose(served(dense, shapes), expected, rtol=1e-6)
    ragged = tf.RaggedTensor.from_tensor(dense, [4, 0, 2])
    moved = frames.original_boxes(ragged, shapes, 24, mode)
    np.testing.assert_allclose(moved[2], expected[2, :2], rtol=1e-6)
    assert moved.row_lengths().numpy().tolist() == [4, 0, 2]
    assert served(dense[:0], shapes[:0]).shape == (0, 4, 4)


def test_the_whole_picture_fills_its_place():
    box = [[[0.0, 0, 60, 40]]]
    for mode, expected in (
        ("stretch", [0, 0, 24, 24]),
        ("pad", [0, 4, 24, 20]),
        ("crop", [-6, 0, 30, 24]),
    ):
        moved = frames.resized_boxes(box, [[40, 60]], 24, mode)
        np.testing.assert_allclose(moved[0, 0], expected, atol=1e-5)
