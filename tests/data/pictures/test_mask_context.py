"""What is around a picture or a window, and what counts of it."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures import (
    mask_batches,
    mask_context,
    mask_examples,
    mask_gaps,
)
from kerasnotes.data.pictures.augmentation import named

SIZE = (12, 15)
# The answer is a row and two columns more than a window of 6×5.
WINDOW = mask_context.Context((6, 5), (15, 17), (7, 7))
PICTURE = mask_context.Context(SIZE, (40, 47), (12, 15))


def examples(count=3):
    """Return pictures whose values say where they are, and masks likewise."""
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 3, [count, *SIZE]).astype(np.uint8)
    # Of each place another value, that a mask follows.
    pictures = (60 * masks + rng.integers(0, 60, masks.shape)).astype("uint8")
    names = [str(i) for i in range(count)]
    return mask_examples.MaskExamples(
        pictures[..., None], masks, names, ["a", "b", "c"]
    )


def padded(values, context):
    """Return values with what is around them, by NumPy."""
    after = np.subtract(context.extra, context.before)
    pairs = list(zip(context.before, after, strict=True))
    while len(pairs) < values.ndim:
        pairs.append((0, 0))
    return np.pad(values, pairs, "symmetric")


@pytest.mark.parametrize("context", [WINDOW, PICTURE])
@pytest.mark.parametrize("shape", [(12, 15), (1, 2), (30, 3)])
def test_what_is_around_is_mirrored_as_numpy_does(context, shape):
    values = np.random.default_rng(0).random([2, *shape, 1])
    got = context.mirrored(tf.constant(values))
    want = np.stack([padded(v, context) for v in values])
    np.testing.assert_array_equal(got, want)


def test_the_middle_of_what_was_mirrored_is_the_picture():
    values = np.random.default_rng(0).random([2, *SIZE])
    got = PICTURE.middle(PICTURE.mirrored(tf.constant(values)))
    np.testing.assert_array_equal(got, values)


def test_answers_and_targets_lie_in_the_middle_of_the_input():
    """A network that answers its input's middle answers the picture."""
    for context in (WINDOW, PICTURE):
        values = np.arange(np.prod(context.size)).reshape(context.size)
        x = context.mirrored(tf.constant(values[None]))
        margin = np.subtract(context.inputs, context.outputs) // 2
        logits = x[:, margin[0] :, margin[1] :]
        logits = logits[:, : context.outputs[0], : context.outputs[1]]
        np.testing.assert_array_equal(context.answers(logits)[0], values)
        targets = context.targets(tf.constant(values[None]))
        assert targets.shape[1:] == context.outputs
        known = targets != 255
        np.testing.assert_array_equal(targets[known], logits[known])
        assert int(tf.reduce_sum(tf.cast(known, tf.int32))) == values.size


@pytest.mark.parametrize(
    "sizes",
    [
        ((6, 6), (8, 8), (5, 5)),
        ((6, 6), (6, 6), (7, 7)),
        ((6, 6), (6, 6), (9, 9)),
        ((6, 6), (9, 8), (8, 8)),
    ],
)
def test_sizes_that_do_not_fit(sizes):
    with pytest.raises(ValueError, match="`size` fits into `outputs`"):
        mask_context.Context(*sizes)


def around(x, y, context):
    """Return the values of the pixels that count, and their classes."""
    margin = np.subtract(context.inputs, context.outputs) // 2
    rows, columns = (
        slice(a, a + b) for a, b in zip(margin, context.outputs, strict=True)
    )
    y = y.numpy()
    return x.numpy()[:, rows, columns, 0][y >= 0], y[y >= 0]


def test_pictures_are_in_the_middle_of_what_is_mirrored():
    data = examples()
    split = mask_batches.MaskSplit(data, range(3), context=PICTURE)
    ((x, y, _),) = split.evaluation_batches(3)
    want = [padded(image, PICTURE) for image in data.images]
    np.testing.assert_array_equal(x, want)
    np.testing.assert_array_equal(y, data.labels)
    x, y = split.pictures(np.arange(3))
    np.testing.assert_array_equal(x, data.images)


def test_tiles_show_what_is_around_them_and_count_once():
    data = examples()
    split = mask_batches.MaskSplit(data, range(3), crop=(6, 5), context=WINDOW)
    count, seen = 0, np.zeros(3, int)
    for x, y, _ in split.evaluation_batches(4):
        assert x.shape[1:] == (15, 17, 1) and y.shape[1:] == (7, 7)
        values, labels = around(x, y, WINDOW)
        np.testing.assert_array_equal(values // 60, labels)
        seen += np.bincount(labels, minlength=3)
        for window in x.numpy():
            count += 1
            picture = padded(data.images[(count - 1) // 6], WINDOW)
            all_windows = np.lib.stride_tricks.sliding_window_view(
                picture, (15, 17, 1)
            )
            assert (
                (all_windows.reshape(-1, 15 * 17) == window.ravel())
                .all(1)
                .any()
            )
    assert seen.tolist() == data.pixels[:, :3].sum(0).tolist()


@pytest.mark.parametrize(
    ("augment", "crop", "context"),
    [
        ("none", (6, 5), WINDOW),
        ("light:rotate=0,scale=0,shift=0", (6, 5), WINDOW),
        ("standard:canvas=1,crop=1,rotate=0,shear=0,brightness=0,contrast=0",
         (6, 5), WINDOW),
        ("standard:canvas=1,crop=1,rotate=0,shear=0,brightness=0,contrast=0",
         None, PICTURE),
        ("none", None, PICTURE),
    ],
)  # fmt: skip
def test_masks_follow_their_windows_to_the_pixel(augment, crop, context):
    data = examples()
    split = mask_batches.MaskSplit(
        data, range(3), named.build(augment), crop=crop, rare_share=0.5,
        context=context,
    )  # fmt: skip
    for x, y, _ in split.training_batches(3, 0, 0, 0, 4):
        assert x.shape[1:] == (*context.inputs, 1)
        assert y.shape[1:] == context.outputs
        values, labels = around(x, y, context)
        np.testing.assert_array_equal(values // 60, labels)
        assert len(labels) == 3 * np.prod(context.size)


@pytest.mark.parametrize("context", [None, WINDOW])
def test_how_close_things_are_moves_along(context):
    masks = np.zeros([2, *SIZE], np.uint8)
    masks[:, :, 4:6] = masks[:, :, 9:11] = 1
    pictures = np.zeros([2, *SIZE, 1], np.uint8)
    gaps = mask_gaps.Gaps(masks, 5.0)
    pictures[..., 0] = gaps.gather(tf.range(2))
    data = mask_examples.MaskExamples(
        pictures, masks, ["a", "b"], ["no", "thing"]
    )
    policy = named.build("light:mirror=true,flip=true,rotate=0,shift=0,scale=0")
    split = mask_batches.MaskSplit(
        data, range(2), policy, crop=(6, 5), context=context, gaps=gaps
    )
    split = split.take(2)
    outputs = context.outputs if context else (6, 5)
    batches = [
        *split.training_batches(4, 0, 0, 0, 3), *split.evaluation_batches(5)
    ]  # fmt: skip
    for x, y, _ in batches:
        assert y.dtype == tf.float32 and y.shape[1:] == (*outputs, 2)
        margin = np.subtract(x.shape[1:3], outputs) // 2
        x = x[:, margin[0] :, margin[1] :][:, : outputs[0], : outputs[1], 0]
        known = y[..., 0].numpy() >= 0
        assert set(np.unique(y[..., 0])) <= {-1, 0, 1}
        np.testing.assert_allclose(
            y[..., 1].numpy()[known], x.numpy()[known] / 255, atol=1e-6
        )
    plain, shown = split.first_batch(2, 0)
    assert plain[1].dtype == shown[1].dtype == np.int32
    assert plain[1].shape == (2, *SIZE)
