"""Mosaics of four pictures, with boxes and points that follow."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import mosaic

HEIGHT, WIDTH = 24, 32


def numbers(count, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.random((count, mosaic.Mosaic.width)).astype("float32")
    values[::3, 0] = 0.99  # Not a mosaic, at a share of 0.9.
    return tf.constant(values)


def plain(pictures, values, policy):
    """The definition, pixel by pixel."""
    count = len(pictures)
    out = np.full(pictures.shape, 114.0)
    low, high = policy.scale
    for b in range(count):
        if values[b, 0] >= policy.share:
            out[b] = pictures[b]
            continue
        shift = policy.middle * (2 * values[b, 1:3] - 1)
        mx, my = np.round((0.5 + shift) * [WIDTH, HEIGHT])
        for y in range(HEIGHT):
            for x in range(WIDTH):
                number = 2 * (y >= my) + (x >= mx)
                scale = low + (high - low) * values[b, 3 + number]
                cx = 0 if number % 2 else WIDTH
                cy = 0 if number // 2 else HEIGHT
                px = cx + (x + 0.5 - mx) / scale - 0.5
                py = cy + (y + 0.5 - my) / scale - 0.5
                if 0 <= px <= WIDTH - 1 and 0 <= py <= HEIGHT - 1:
                    picture = pictures[(b + number) % count]
                    out[b, y, x] = bilinear(picture, px, py)
    return out


def bilinear(picture, x, y):
    left, top = int(x), int(y)
    right, low = min(left + 1, WIDTH - 1), min(top + 1, HEIGHT - 1)
    a, b = x - left, y - top
    upper = (1 - a) * picture[top, left] + a * picture[top, right]
    lower = (1 - a) * picture[low, left] + a * picture[low, right]
    return (1 - b) * upper + b * lower


@pytest.mark.parametrize("count", [1, 2, 5])
def test_pictures(count):
    policy = mosaic.Mosaic(share=0.9, scale=(0.45, 0.95), middle=0.3)
    rng = np.random.default_rng(1)
    # Smooth, so that a place's last bits don't show.
    coarse = rng.random((count, 4, 4, 3)) * 255
    pictures = tf.image.resize(coarse, [HEIGHT, WIDTH]).numpy()
    values = numbers(count)
    mixed, _ = policy(pictures, values)
    expected = plain(pictures, values.numpy(), policy)
    off = np.abs(mixed - expected).max(-1) > 0.05
    # Where rounding decides whether a place is still within the picture.
    assert off.mean() < 0.002
    np.testing.assert_array_equal(mixed[0], pictures[0])
    assert count == 1 or (mixed[1].numpy() != pictures[1]).any()


def test_boxes_are_where_they_are_drawn():
    """At half the size, whole pixels stay whole."""
    policy = mosaic.Mosaic(share=1.0, scale=(0.5, 0.5), middle=0.25)
    rng = np.random.default_rng(2)
    count = 6
    pictures = np.zeros([count, HEIGHT, WIDTH, 1], "float32")
    low = 2 * rng.integers(0, 5, (count, 2))
    boxes = np.concatenate([low, low + 2 * rng.integers(2, 6, (count, 2))], 1)
    for picture, (left, top, right, bottom) in zip(
        pictures, boxes, strict=True
    ):
        picture[top:bottom, left:right] = 255
    mixed, tiles = policy(pictures, numbers(count, 3))
    ragged = tf.RaggedTensor.from_row_lengths(
        boxes.astype("float32"), [1] * count
    )
    moved, shares = tiles.boxes(ragged)
    assert moved.row_lengths().numpy().tolist() == [4] * count
    for b in range(count):
        inside = np.zeros([HEIGHT, WIDTH], bool)
        for box, share in zip(moved[b].numpy(), shares[b].numpy(), strict=True):
            left, top, right, bottom = box.astype(int)
            np.testing.assert_array_equal(box % 1, 0)
            inside[top:bottom, left:right] |= share > 0
        # Nothing but boxes is white.
        shown = mixed[b, ..., 0].numpy() == 255
        np.testing.assert_array_equal(shown, inside)


def test_shares_and_what_is_gone():
    tiles = mosaic.Tiles(
        tf.constant([True]), tf.constant([[16.0, 12.0]]),
        tf.ones([1, 4]), (HEIGHT, WIDTH),
    )  # fmt: skip
    # Of itself four times, each picture's half towards the middle is cut.
    boxes = tf.ragged.constant(
        [[[8.0, 12, 24, 24], [0, 0, 16, 12]]], ragged_rank=1, inner_shape=(4,)
    )
    moved, shares = tiles.boxes(boxes)
    np.testing.assert_array_equal(shares[0], [0.5, 0, 0.5, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(moved[0, 0], [0, 0, 8, 12])
    np.testing.assert_array_equal(moved[0, 2], [24, 0, 32, 12])
    np.testing.assert_array_equal(moved[0, 7], [16, 12, 32, 24])


def test_points_stay_on_their_pixels():
    policy = mosaic.Mosaic(share=0.9, scale=(1.0, 1.0), middle=0.2)
    count = 5
    rng = np.random.default_rng(4)
    pictures = rng.random((count, HEIGHT, WIDTH, 1)).astype("float32")
    points = rng.integers(0, HEIGHT, (count, 6, 2)).astype("float32")
    lengths = [2, 0, 1, 3, 0]
    ragged = tf.RaggedTensor.from_row_lengths(points.reshape(-1, 5, 2), lengths)
    shown = [rng.random(n * 5).reshape(n, 5) < 0.7 for n in lengths]
    visible = ragged[..., 0].with_values(tf.constant(np.concatenate(shown)))
    mixed, tiles = policy(pictures, numbers(count, 5))
    moved, flags = tiles.points(ragged, visible)
    labels = tiles.of_all(
        ragged[..., 0].with_values(tf.range(6, dtype=tf.int64))[:, :]
    )
    owners = np.repeat(np.arange(count), lengths)
    looked_at = 0
    for b in range(count):
        rows = zip(moved[b].numpy(), flags[b].numpy(), labels[b], strict=True)
        for place, flag, label in rows:
            origin = ragged.flat_values[label]
            for (x, y), is_visible, (u, v) in zip(
                place, flag, origin.numpy(), strict=True
            ):
                if is_visible:
                    looked_at += 1
                    source = pictures[owners[label], int(v), int(u), 0]
                    at = mixed[b, int(round(y)), int(round(x)), 0]
                    np.testing.assert_allclose(at, source, atol=1e-4)
    assert looked_at > 20


def test_it_runs_in_a_graph_on_an_empty_batch_of_objects():
    policy = mosaic.Mosaic()
    empty = tf.RaggedTensor.from_row_lengths(tf.zeros([0, 4]), [0, 0, 0])

    @tf.function
    def mix(boxes):
        _, tiles = policy(tf.zeros([3, 8, 8, 1]), numbers(3))
        return tiles.boxes(boxes)

    boxes, shares = mix(empty)
    assert boxes.shape[0] == 3 and not boxes.flat_values.shape[0]
    assert shares.to_list() == [[], [], []]


@pytest.mark.parametrize(
    "arguments",
    [{"share": 1.5}, {"middle": 0.6}, {"scale": (0, 1)}, {"scale": (1, 0.5)}],
)
def test_arguments(arguments):
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}`"):
        mosaic.Mosaic(**arguments)
