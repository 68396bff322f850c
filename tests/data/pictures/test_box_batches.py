"""Batches of pictures with boxes: targets follow, and any step can begin."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.pictures import box_batches, box_examples
from kerasnotes.data.pictures.augmentation.mosaic import Mosaic
from kerasnotes.data.pictures.augmentation.policy import Policy

SIDE, COUNT = 32, 12


def build(point_names=("left_tip", "right_tip")):
    """Return pictures with up to three white boxes, their corners points."""
    rng = np.random.default_rng(0)
    images = np.zeros([COUNT, SIDE, SIDE, 1], "uint8")
    lengths = np.arange(COUNT) % 4
    boxes, points = [], []
    for row, count in enumerate(lengths):
        for i in range(count):
            left = rng.integers(1, 5) + 10 * i
            top = rng.integers(2, 12)
            right, bottom = left + rng.integers(4, 7), top + rng.integers(5, 17)
            images[row, top:bottom, left:right] = 255
            boxes.append([left, top, right, bottom])
            points.append([[left, top], [right - 1, top]])
    ragged = tf.RaggedTensor.from_row_lengths(
        np.arange(len(boxes)) % 3, lengths
    )
    known = len(point_names)
    return box_examples.BoxExamples(
        images,
        ragged,
        [f"{i:02d}" for i in range(COUNT)],
        ["a", "b", "c"],
        boxes=ragged.with_values(tf.constant(boxes, tf.float32)),
        points=ragged.with_values(tf.constant(points, tf.float32)[:, :known]),
        visible=ragged.with_values(tf.ones([len(boxes), known], tf.bool)),
        point_names=list(point_names),
    )


EXAMPLES = build()
STRONG = Policy(
    mirror=True, rotate=20.0, shift=0.1, scale=0.2, mixup=0.5, cutmix=1.0
)
POLICIES = {
    "plain": {},
    "policy": {"augment": Policy(mirror=True, crop=0.5, rotate=10.0)},
    "mosaic": {"mosaic": Mosaic(0.6)},
    "all": {"augment": STRONG, "mosaic": Mosaic(0.6), "mosaic_epochs": 2},
}


def split(**arguments):
    return box_batches.BoxSplit(EXAMPLES, np.arange(COUNT), **arguments)


def listed(batch):
    x, y, w = batch
    return (
        x.numpy().tolist(),
        {k: v.to_list() if isinstance(v, tf.RaggedTensor) else
         v.numpy().tolist() for k, v in y.items()},
        w.numpy().tolist(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "padded"),
    [("plain", False), ("policy", False), ("all", False), ("all", True)],
)
def test_two_readings_are_equal_from_any_step(name, padded):
    one = split(**POLICIES[name], padded=padded)
    full = list(map(listed, one.training_batches(4, 7, 0, 0, 3)))
    assert len(full) == 9
    again = split(**POLICIES[name], padded=padded)
    rest = list(map(listed, again.training_batches(4, 7, 1, 2, 3)))
    assert rest == full[5:]
    # The second of two workers has half of each batch.
    second = map(listed, again.training_batches(4, 7, 2, 0, 3, (1, 2)))
    for (x, y, w), half in zip(full[6:], second, strict=True):
        halves = {key: value[2:] for key, value in y.items()}
        assert half == (x[2:], halves, w[2:])


def test_evaluation_is_plain():
    whole = split(**POLICIES["all"])
    ((x, y, w),) = whole.evaluation_batches(COUNT)
    np.testing.assert_array_equal(x, EXAMPLES.images)
    for name, value in y.items():
        assert value.to_list() == getattr(EXAMPLES, name).to_list()
    assert w.numpy().tolist() == [1.0] * COUNT


@pytest.mark.parametrize("name", ["policy", "mosaic"])
def test_boxes_are_around_what_is_white(name):
    """Each white pixel lies in a box, and each box is full of white."""
    arguments = POLICIES[name]
    if name == "policy":
        arguments = {"augment": Policy(mirror=True, shift=0.2, scale=0.2)}
    whole = split(**arguments, min_share=1e-6)
    for x, y, _ in whole.training_batches(COUNT, 3, 0, 0, 4):
        for picture, boxes in zip(x.numpy()[..., 0], y["boxes"], strict=True):
            inside = np.zeros([SIDE, SIDE], bool)
            for left, top, right, bottom in boxes.numpy():
                rows = slice(max(round(top - 1), 0), round(bottom + 1))
                columns = slice(max(round(left - 1), 0), round(right + 1))
                inside[rows, columns] = True
                if min(right - left, bottom - top) > 4:
                    core = picture[
                        round(top + 2) : round(bottom - 2),
                        round(left + 2) : round(right - 2),
                    ]
                    assert core.size == 0 or core.min() > 200
            white = picture > 160
            assert not (white & ~inside).any()


def test_left_and_right_change_places_in_a_mirror():
    whole = split(augment=Policy(mirror=True))
    mirrored = 0
    plain, moved = (
        whole.fetch(tf.range(COUNT, dtype=tf.int64), numbers)[1]
        for numbers in (None, tf.zeros([COUNT, whole.width]))
    )
    for before, after in zip(
        plain["points"].to_list(), moved["points"].to_list(), strict=True
    ):
        for (left, right), (other_left, other_right) in zip(
            before, after, strict=True
        ):
            mirrored += 1
            assert other_left == [SIDE - 1 - right[0], right[1]]
            assert other_right == [SIDE - 1 - left[0], left[1]]
            assert other_left[0] < other_right[0]
    assert mirrored == EXAMPLES.labels.flat_values.shape[0]


def test_points_that_leave_are_not_visible():
    whole = split(augment=Policy(shift=0.5), min_share=0.3)
    gone = inner = 0
    for _, y, _ in whole.training_batches(COUNT, 1, 0, 0, 3):
        points, visible = y["points"].flat_values, y["visible"].flat_values
        inside = ((points >= -0.5) & (points <= SIDE - 0.5)).numpy().all(-1)
        np.testing.assert_array_equal(visible, inside)
        gone += (~inside).sum()
        inner += inside.sum()
    assert gone > 3 and inner > 10


def test_a_box_of_which_little_is_left_is_dropped():
    counts = []
    for share in (1e-6, 0.5, 1.0):
        whole = split(augment=Policy(shift=0.5), min_share=share)
        rows = [
            y["labels"].row_lengths().numpy()
            for _, y, _ in whole.training_batches(COUNT, 1, 0, 0, 4)
        ]
        counts.append(int(np.sum(rows)))
    assert counts[0] > counts[1] > counts[2] > 0


def test_mixup_joins_boxes_and_weights():
    weights = np.arange(1, COUNT + 1, dtype="float32")
    mixing = Policy(mixup=1.0)
    whole = split(augment=mixing, weights=weights, min_share=0.01)
    numbers = tf.fill([COUNT, whole.width], 0.5)  # λ is a half.
    plain = whole.fetch(tf.range(COUNT, dtype=tf.int64), None)
    mixed = whole.fetch(tf.range(COUNT, dtype=tf.int64), numbers)
    labels = plain[1]["labels"].to_list()
    assert mixed[1]["labels"].to_list() == [
        labels[i] + labels[(i + 1) % COUNT] for i in range(COUNT)
    ]
    following = np.roll(plain[0], -1, 0)
    np.testing.assert_allclose(mixed[0], (plain[0] + following) / 2)
    np.testing.assert_allclose(mixed[2], (weights + np.roll(weights, -1)) / 2)
    # Of a picture that hardly shows no box is kept.
    whole = split(augment=mixing, min_share=0.6)
    mixed = whole.fetch(tf.range(COUNT, dtype=tf.int64), numbers)
    assert not mixed[1]["labels"].flat_values.shape[0]


def test_mosaics_end():
    whole = split(mosaic=Mosaic(1.0), mosaic_epochs=1)
    first, last = (
        next(iter(whole.training_batches(COUNT, 1, epoch, 0, epoch + 1)))
        for epoch in (0, 1)
    )
    plain = sorted(map(bytes, EXAMPLES.images))
    assert sorted(map(bytes, last[0].numpy().astype("uint8"))) == plain
    assert sorted(map(bytes, first[0].numpy().astype("uint8"))) != plain


def test_padding_is_keras():
    ragged, dense = split(), split(padded=True)
    ((_, y, _),) = ragged.evaluation_batches(COUNT)
    ((_, padded, _),) = dense.evaluation_batches(COUNT)
    assert dense.max_boxes == 3
    assert padded["boxes"].shape == (COUNT, 3, 4)
    np.testing.assert_array_equal(
        padded["boxes"], y["boxes"].to_tensor(-1.0, shape=[None, 3, 4])
    )
    np.testing.assert_array_equal(padded["labels"][0], [-1, -1, -1])
    assert not padded["visible"][0].numpy().any()
    spec = split(**POLICIES["all"], padded=True).training_batches(4, 0, 0, 0, 1)
    assert spec.element_spec[1]["boxes"].shape[1:] == (3 * 4 * 2, 4)


def test_reflections_have_no_box():
    whole = split(augment=Policy(shift=0.5, fill="auto"))
    colour = np.repeat(EXAMPLES.images, 3, -1)
    assert whole._augment.fill == "constant"
    pictures, _ = whole._augment(colour, tf.ones([COUNT, whole.width]) * 0.99)
    assert pictures.shape == colour.shape
    reflecting = split(augment=Policy(shift=0.5, fill="reflect"))
    assert reflecting._augment.fill == "reflect"


def test_a_subset_is_alike():
    whole = split(**POLICIES["all"], weights=np.arange(COUNT), padded=True)
    part = whole.subset(np.array([3, 1]))
    assert part.ids == ["03", "01"] and part.weights.tolist() == [3, 1]
    assert (part.width, part.joint, part.max_boxes) == (whole.width, True, 3)
    taken = whole.take(6)
    assert taken.size == 6 and set(taken.ids) <= set(whole.ids)


def test_refusals():
    with pytest.raises(ValueError, match="`min_share`"):
        split(min_share=0)
    examples = build(("left_tip", "nose"))
    box_batches.BoxSplit(examples, [0, 1])
    with pytest.raises(errors.UserError, match="'left_tip' has no twin"):
        box_batches.BoxSplit(examples, [0, 1], augment=Policy(mirror=True))


def test_before_and_after():
    before, after = split(**POLICIES["all"]).before_and_after(4, 1)
    assert before.shape == after.shape == (4, SIDE, SIDE, 1)
