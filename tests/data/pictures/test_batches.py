"""Batches: the same from any step on, however many threads."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils import class_weight

from kerasnotes import errors
from kerasnotes.data.common import example_weights
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples as lib
from kerasnotes.data.pictures.augmentation import named

COUNT = 50
ROWS = np.arange(3, 45)


def make(folder=None):
    images = lib.allocate((COUNT, 6, 5, 3), folder)
    images[:] = np.random.default_rng(0).integers(0, 256, images.shape)
    labels = np.arange(COUNT) % 3
    ids = [str(i) for i in range(COUNT)]
    return lib.Examples(images, labels, ids, ["a", "b", "c"])


def collect(dataset):
    return [tuple(np.array(t) for t in batch) for batch in dataset]


def assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        for one, two in zip(batch, other, strict=True):
            np.testing.assert_array_equal(one, two)


def balanced(examples, rows):
    labels = examples.labels[rows]
    return example_weights.of_examples("balanced", labels, examples.class_names)


def test_batches_are_all_examples_in_order():
    examples = make()
    split = picture_batches.ImageSplit(
        examples, ROWS, weights=balanced(examples, ROWS)
    )
    batches = collect(split.evaluation_batches(8))
    assert [len(y) for _, y, _ in batches] == [8, 8, 8, 8, 8, 2]
    x, y, w = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert (x.dtype, y.dtype, w.dtype) == (np.float32, np.int64, np.float32)
    np.testing.assert_array_equal(x, examples.images[ROWS])
    np.testing.assert_array_equal(y, examples.labels[ROWS])
    np.testing.assert_array_equal(w, 1)


def test_an_epoch_is_each_example_once_in_another_order():
    examples = make()
    split = picture_batches.ImageSplit(examples, ROWS)
    batches = collect(split.training_batches(7, 0, 0, 0, 2))
    assert len(batches) == 12
    orders = []
    for epoch in (batches[:6], batches[6:]):
        x = np.concatenate([x for x, _, _ in epoch])
        rows = [
            int(np.flatnonzero((examples.images == p).all((1, 2, 3)))[0])
            for p in x
        ]
        assert sorted(rows) == ROWS.tolist()
        labels = np.concatenate([y for _, y, _ in epoch])
        np.testing.assert_array_equal(labels, examples.labels[rows])
        orders.append(rows)
    assert orders[0] != orders[1]
    other = collect(split.training_batches(7, 1, 0, 0, 1))
    assert not np.array_equal(other[0][0], batches[0][0])


def test_a_partial_batch_is_dropped():
    split = picture_batches.ImageSplit(make(), ROWS)
    dataset = split.training_batches(10, 0, 0, 0, 3)
    assert dataset.element_spec[0].shape == (10, 6, 5, 3)
    assert len(collect(dataset)) == 12


@pytest.mark.parametrize(
    ("name", "place"),
    [("none", "memory"), ("light", "file"), ("strong:pca=0,ops=2", "memory")],
)
def test_starting_anywhere_gives_the_same_batches(
    name, place, tmp_path, monkeypatch
):
    if place == "file":
        monkeypatch.setattr(lib, "MEMORY", 1000)
    policy = named.build(name)
    split = picture_batches.ImageSplit(make(tmp_path), ROWS, policy)
    whole = collect(split.training_batches(8, 3, 0, 0, 3))
    assert len(whole) == 15
    for epoch, step in ((0, 4), (1, 0), (2, 3)):
        rest = collect(split.training_batches(8, 3, epoch, step, 3))
        assert_same(rest, whole[5 * epoch + step :])
    assert not collect(split.training_batches(8, 3, 3, 0, 3))


@pytest.mark.parametrize("threads", [1, 7])
def test_threads_change_nothing(threads):
    policy = named.build("strong:pca=0,ops=2")
    split = picture_batches.ImageSplit(make(), ROWS, policy)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    dataset = split.training_batches(4, 0, 0, 0, 5)
    assert_same(collect(dataset.with_options(options)), collect(dataset))


@pytest.mark.parametrize("text", ["strong:pca=0,mixup=1", "light"])
def test_workers_share_a_batch(text):
    split = picture_batches.ImageSplit(make(), ROWS, named.build(text))
    whole = collect(split.training_batches(8, 0, 0, 2, 2))
    parts = [
        collect(split.training_batches(8, 0, 0, 2, 2, share=(i, 4)))
        for i in range(4)
    ]
    together = [
        tuple(map(np.concatenate, zip(*batches, strict=True)))
        for batches in zip(*parts, strict=True)
    ]
    assert_same(together, whole)


def test_augmentation_differs_between_examples_and_epochs():
    examples = make()
    examples.images[:] = examples.images[0]
    split = picture_batches.ImageSplit(examples, ROWS, named.build("light"))
    batches = collect(split.training_batches(42, 0, 0, 0, 2))
    pictures = np.concatenate([x for x, _, _ in batches])
    assert len(np.unique(pictures.reshape(84, -1), axis=0)) == 84


def test_mixed_labels_are_distributions_over_the_classes():
    examples = make()
    policy = named.build("light:mixup=1,cutmix=1")
    split = picture_batches.ImageSplit(
        examples, ROWS, policy, balanced(examples, ROWS)
    )
    dataset = split.training_batches(8, 0, 0, 0, 2)
    assert dataset.element_spec[1].shape == (8, 3)
    for x, y, w in collect(dataset):
        np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)
        assert (y > 0).sum(1).max() == 2 and x.dtype == np.float32
        assert split.weights.min() - 1e-5 <= w.min()
        assert w.max() <= split.weights.max() + 1e-5
    assert split.evaluation_batches(8).element_spec[1].shape == (None,)


def test_training_cuts_from_the_canvas_and_nothing_else_sees_it():
    examples = make()
    larger = lib.allocate((COUNT, 12, 10, 3))
    larger[:] = np.arange(COUNT)[:, None, None, None]
    examples = dataclasses.replace(examples, canvas=larger)
    policy = named.Policy(crop=0.5)
    split = picture_batches.ImageSplit(examples, ROWS, policy)
    (x, _, _), *_ = collect(split.training_batches(42, 0, 0, 0, 1))
    assert x.shape == (42, 6, 5, 3)
    assert sorted(x[:, 0, 0, 0]) == ROWS.tolist()
    assert (x == x[:, :1, :1, :1]).all()
    plain = np.concatenate(
        [x for x, _, _ in collect(split.evaluation_batches(8))]
    )
    np.testing.assert_array_equal(plain, examples.images[ROWS])
    before, after = split.before_and_after(42, 0)
    np.testing.assert_array_equal(after, x)
    rows = after[:, 0, 0, 0].astype(int)
    np.testing.assert_array_equal(before, examples.images[rows])


def test_balanced_weights_are_scikit_learns():
    examples = make()
    rows = np.flatnonzero((examples.labels != 2) | (np.arange(COUNT) < 20))
    split = picture_batches.ImageSplit(
        examples, rows, weights=balanced(examples, rows)
    )
    expected = class_weight.compute_class_weight(
        "balanced", classes=np.arange(3), y=split.labels
    )
    for _, y, w in collect(split.training_batches(5, 0, 0, 0, 1)):
        np.testing.assert_allclose(w, expected[y], rtol=1e-6)


def test_a_smaller_part_is_in_the_larger():
    split = picture_batches.ImageSplit(make(), ROWS)
    small, large = split.take(9), split.take(20)
    assert set(small.ids) < set(large.ids) < set(split.ids)
    assert max(np.bincount(small.labels)) <= 4


def test_a_batch_larger_than_the_split_is_refused():
    split = picture_batches.ImageSplit(make(), ROWS)
    with pytest.raises(errors.UserError, match="43 is more than the 42"):
        split.training_batches(43, 0, 0, 0, 1)
    assert len(collect(split.training_batches(42, 0, 0, 0, 1))) == 1


def boxes_of(examples):
    """Return some boxes with classes for each of the examples, ragged."""
    lengths = np.arange(COUNT) % 3
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(0, 5, (lengths.sum(), 2, 2)), 1)
    boxes = corners.reshape(-1, 4).astype(np.float32)
    rows = tf.RaggedTensor.from_row_lengths
    return {
        "boxes": rows(boxes, lengths),
        "classes": rows(np.arange(lengths.sum()), lengths),
        "masks": examples.images[..., 0],
    }


def move_boxes(move, targets):
    boxes, shares = move.boxes(targets["boxes"])
    left = shares >= 0.25
    return {
        "boxes": tf.ragged.boolean_mask(boxes, left),
        "classes": tf.ragged.boolean_mask(targets["classes"], left),
        "masks": move.masks(targets["masks"]),
    }


@pytest.mark.parametrize("larger", [1, 2])
def test_targets_that_are_nests_move_with_the_pictures(larger):
    examples = make()
    if larger > 1:
        canvas = examples.images.repeat(2, 1).repeat(2, 2)
        examples = dataclasses.replace(examples, canvas=canvas)
    targets = boxes_of(examples)
    split = picture_batches.ImageSplit(
        examples,
        ROWS,
        named.Policy(mirror=True, canvas=larger),
        targets=targets,
        move_targets=move_boxes,
    )
    split = split.take(30)
    for x, y, w in split.training_batches(7, 0, 0, 0, 2):
        # Whole pixels and their doubles: the masks are the pictures.
        if larger == 1:
            np.testing.assert_array_equal(x[..., 0], y["masks"])
        assert y["boxes"].row_lengths().shape == w.shape == (7,)
        for boxes, classes in zip(y["boxes"], y["classes"], strict=True):
            assert len(boxes) == len(classes)
            for box, index in zip(boxes.numpy(), classes, strict=True):
                before = targets["boxes"].flat_values[index].numpy()
                sides = (box[2:] - box[:2]) / (before[2:] - before[:2])
                assert (sides <= larger + 1e-3).all()
                if larger == 1:
                    np.testing.assert_allclose(sides, 1, rtol=1e-4)
                    at = np.sort([before[[0, 2]], 5 - before[[2, 0]]], 0)
                    assert np.abs(at - box[[0, 2]]).sum(1).min() < 1e-4
    plain = [y for _, y, _ in split.evaluation_batches(8)]
    together = tf.concat([y["classes"] for y in plain], 0).to_list()
    assert together == tf.gather(targets["classes"], split.indices).to_list()
