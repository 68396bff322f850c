"""Pictures larger than the network's input, and masks of a photo's size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.data.pictures import decode, mask_context
from kerasnotes.models.segmenters import valid
from kerasnotes.tasks.segment import serving, tiles


def loop(predict, picture, tile, classes):
    """Blend tiles by a plain loop."""
    height, width = picture.shape[:2]
    sums = np.zeros([height, width, classes])
    total = np.zeros([height, width, 1])
    window = tiles.weights(tile)[..., None]
    for top in tiles.starts_of(tf.constant(height), tile[0]).numpy():
        for left in tiles.starts_of(tf.constant(width), tile[1]).numpy():
            rows = slice(top, top + tile[0])
            columns = slice(left, left + tile[1])
            part = predict(picture[None, rows, columns])[0]
            sums[rows, columns] += window * part
            total[rows, columns] += window
    return sums / total


def border_aware(x):
    """Answer otherwise at the border of a tile than at its middle."""
    x = tf.convert_to_tensor(x, tf.float32)
    blurred = tf.nn.avg_pool2d(x, 3, 1, "SAME") * 0.9
    return tf.concat([blurred, 1 - blurred], -1)


@pytest.mark.parametrize("size", [(8, 8), (20, 8), (17, 31), (50, 9)])
def test_blending_is_that_of_a_plain_loop(size):
    picture = np.random.default_rng(0).random([*size, 1]).astype("float32")
    answer = tiles.blended(border_aware, tf.constant(picture), (8, 8), 2)
    want = loop(lambda x: border_aware(x).numpy(), picture, (8, 8), 2)
    np.testing.assert_allclose(answer, want, atol=1e-5)


def test_a_picture_of_one_tile_is_answered_as_it_is():
    picture = np.random.default_rng(0).random([8, 8, 1]).astype("float32")
    answer = tiles.blended(border_aware, tf.constant(picture), (8, 8), 2)
    want = border_aware(picture[None])[0]
    np.testing.assert_allclose(answer, want, atol=1e-6)


@pytest.mark.parametrize("size", [(3, 5), (1, 1), (7, 20)])
def test_a_small_picture_is_mirrored_at_its_border(size):
    rng = np.random.default_rng(0)
    picture = rng.random([*size, 1]).astype("float32")
    asked = []

    def predict(x):
        asked.append(x)
        return tf.concat([x, 1 - x], -1)

    answer = tiles.blended(predict, tf.constant(picture), (8, 8), 2)
    np.testing.assert_allclose(answer[..., :1], picture, atol=1e-6)
    after = [(0, max(8 - side, 0)) for side in size]
    padded = np.pad(picture[..., 0], after, "symmetric")
    np.testing.assert_array_equal(asked[0][0, ..., 0], padded[:8, :8])


@pytest.mark.parametrize("side", [8, 9, 12, 13, 16, 17, 100, 1021])
def test_tiles_reach_both_ends_and_overlap_by_half(side):
    starts = tiles.starts_of(tf.constant(side), 8).numpy()
    assert starts[0] == 0 and starts[-1] == side - 8
    assert (np.diff(starts) <= 4).all() and (np.diff(starts) > 0).all()


@pytest.mark.parametrize("mode", ["stretch", "pad"])
@pytest.mark.parametrize("shape", [(12, 20), (40, 17), (7, 7), (90, 90)])
def test_a_mask_has_the_photo_size(mode, shape):
    """A photo that shows two halves gets them back, wherever it was put."""
    photo = np.zeros([*shape, 1], np.uint8)
    photo[:, shape[1] // 2 :] = 255
    pixels = decode.resize(photo, (24, 32), 1, mode)
    p = tf.cast(pixels, tf.float32) / 255
    p = tf.concat([1 - p, p], -1)
    mask = serving.photo_mask(p, tf.constant(shape), mode).numpy()
    assert mask.shape == (*shape, 1) and mask.dtype == np.uint8
    wrong = (mask != photo // 255).mean()
    # Less than a column of the smaller of the two.
    assert wrong <= 1 / min(shape[1], 17)


def test_bands_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    p = tf.nn.softmax(tf.constant(rng.normal(size=[9, 7, 5]), tf.float32))
    shape = tf.constant([33, 29])
    want = serving.photo_mask(p, shape, "stretch").numpy()
    monkeypatch.setattr(serving, "_BAND", 400)
    got = serving.photo_mask(p, shape, "stretch").numpy()
    np.testing.assert_array_equal(got, want)
    # The interpolation of the probabilities is TensorFlow's.
    resized = tf.image.resize(p, (33, 29), "bilinear").numpy()
    assert (got[..., 0] == resized.argmax(-1)).mean() > 0.99


def context_of(size, levels):
    return mask_context.Context(size, *valid.sizes(size, levels))


def network(context, levels=2, channels=1):
    """Return a U-Net of valid convolutions that answers so many pixels."""
    keras.utils.set_random_seed(0)
    return models.UNet(
        (*context.inputs, channels), 2, [3] * levels, padding="valid",
        normalization=None, mean=[0.5] * channels, std=[0.2] * channels,
    )  # fmt: skip


@pytest.mark.parametrize(("tile", "size"), [
    ((8, 8), (24, 32)), ((8, 12), (8, 36)), ((8, 8), (64, 8)),
])  # fmt: skip
def test_tiles_with_what_is_around_them_answer_as_the_picture_at_once(
    tile, size
):
    """Valid convolutions see the same, however the picture is cut."""
    picture = np.random.default_rng(0).random([*size, 1]).astype("float32")
    of_tile, of_picture = context_of(tile, 2), context_of(size, 2)
    small, large = network(of_tile), network(of_picture)
    large.set_weights(small.get_weights())

    def predict(x):
        assert x.shape[1:3] == of_tile.inputs
        return tf.nn.softmax(of_tile.answers(small(x)))

    got = tiles.blended(predict, tf.constant(picture), tile, 2, of_tile)
    logits = large(of_picture.mirrored(picture[None]))
    want = tf.nn.softmax(of_picture.answers(logits))[0]
    np.testing.assert_allclose(got, want, atol=1e-5)
    assert np.ptp(want[..., 0]) > 0.01


@pytest.mark.parametrize("size", [(3, 5), (9, 8), (21, 13)])
def test_the_input_around_a_tile_is_the_picture_then_its_mirror(size):
    picture = np.random.default_rng(0).random([*size, 1]).astype("float32")
    context, asked = context_of((8, 8), 2), []

    def predict(x):
        asked.extend(x.numpy())
        top, left = context.before
        x = x[:, top : top + 8, left : left + 8]
        return tf.concat([x, 1 - x], -1)

    got = tiles.blended(predict, tf.constant(picture), (8, 8), 2, context)
    np.testing.assert_allclose(got[..., :1], picture, atol=1e-6)
    pairs = [
        (before, context.inputs[axis] + 8)
        for axis, before in enumerate(context.before)
    ]
    wide = np.pad(picture[..., 0], pairs, "symmetric")
    rows, columns = context.inputs
    np.testing.assert_array_equal(asked[0][..., 0], wide[:rows, :columns])
    # No more than they must: the tiles of a picture are few.
    assert len(asked) == -(-max(size[0], 8) // 8) * -(-max(size[1], 8) // 8)


@pytest.mark.parametrize("tiled", [False, True])
def test_a_server_mirrors_what_is_around(tiled):
    context = context_of((8, 12), 2)
    model = network(context)
    server = serving.Server(
        model, (8, 12, 1), ["a", "b"], "stretch", tiled=tiled, context=context
    )
    pictures = np.random.default_rng(0).random([2, 8, 12, 1])
    pictures = pictures.astype("float32")
    logits = context.answers(model(context.mirrored(pictures)))
    want = tf.nn.softmax(logits)
    for got in (server.outputs(pictures), server.probabilities(pictures)):
        assert got.shape == (2, 8, 12, 2)
        np.testing.assert_allclose(got, want, atol=1e-6)
