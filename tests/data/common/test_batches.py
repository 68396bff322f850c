"""The batch engine: any order, any targets, from any step, any share."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.common import batches, orders

SIZE = 23
LENGTHS = np.arange(SIZE) % 4
BOXES = tf.RaggedTensor.from_row_lengths(
    tf.reshape(tf.range(4.0 * LENGTHS.sum()), [-1, 4]), LENGTHS
)


class Scenes(batches.IndexedSplit):
    """Examples with boxes, a mask and a name."""

    width = 2

    def __init__(self, ids, order=None, joint=False):
        super().__init__(ids)
        self._rows = np.array([int(i) for i in ids])
        self._order, self.joint = order, joint
        self.fetched = []

    def fetch(self, indices, numbers):
        self.fetched.append(indices.shape[0])
        rows = tf.gather(self._rows, indices)
        boxes = tf.gather(BOXES, rows)
        x = tf.cast(rows, tf.float32)
        if numbers is not None:
            x += numbers[:, 0]
        y = {
            "boxes": boxes,
            "classes": boxes[..., 0],
            "mask": tf.tile(rows[:, None, None], [1, 2, 3]),
            "name": tf.strings.as_string(rows),
        }
        return x, y, tf.ones_like(x)

    def subset(self, indices):
        ids = [self.ids[i] for i in indices]
        return Scenes(ids, self._order, self.joint)

    def order(self, batch_size):
        if self._order is None:
            return super().order(batch_size)
        return self._order(self.size, batch_size)


def like_lengths(size, batch_size):
    cuts = [*range(0, size, batch_size), size]
    return orders.LikeLengths(np.arange(size)[:, None] // 5, cuts)


def identities(size, batch_size):
    return orders.Identities(np.arange(size) % 7, batch_size // 2, 2)


ORDERS = [None, orders.Streams, identities, like_lengths]


def make(order=None, **given):
    return Scenes([str(i) for i in range(SIZE)], order, **given)


def collect(dataset):
    """Return each batch as the flat list of its parts, ragged ones as rows."""
    return [
        [
            part.to_list()
            if isinstance(part, tf.RaggedTensor)
            else part.numpy().tolist()
            for part in tf.nest.flatten(batch)
        ]
        for batch in dataset
    ]


def join(parts):
    """Return the batches that several workers' shares make up."""
    return [
        [sum(rows, []) for rows in zip(*shares, strict=True)]
        for shares in zip(*parts, strict=True)
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_it_goes_on_from_any_step(order):
    split = make(order)
    steps = split.steps(4)
    batches_of_three = collect(split.training_batches(4, 5, 0, 0, 3))
    assert len(batches_of_three) == 3 * steps
    for epoch, step in ((0, 1), (1, 0), (2, steps - 1)):
        rest = collect(split.training_batches(4, 5, epoch, step, 3))
        assert rest == batches_of_three[epoch * steps + step :]


@pytest.mark.parametrize("order", ORDERS)
def test_seeds_and_epochs_differ(order):
    split = make(order)
    one, two, other = (
        collect(split.training_batches(4, seed, epoch, 0, epoch + 1))
        for seed, epoch in ((0, 0), (0, 1), (1, 0))
    )
    assert one != two and one != other


@pytest.mark.parametrize("order", ORDERS[:3])
@pytest.mark.parametrize("joint", [False, True])
def test_workers_share_boxes_masks_and_names(order, joint):
    split = make(order, joint=joint)
    one_worker = collect(split.training_batches(4, 0, 0, 2, 2))
    split.fetched.clear()
    shares = [
        collect(split.training_batches(4, 0, 0, 2, 2, share=(i, 2)))
        for i in range(2)
    ]
    assert join(shares) == one_worker
    # What depends on no other row is fetched by its worker alone.
    assert set(split.fetched) == {4 if joint else 2}


def test_every_example_is_in_the_evaluation_as_it_is():
    split = make()
    parts = join([[batch] for batch in collect(split.evaluation_batches(5))])
    x, boxes, classes, _, names, _ = parts[0]
    assert x == list(range(SIZE))
    assert boxes == BOXES.to_list()
    assert classes == [[box[0] for box in row] for row in boxes]
    assert names == [str(i).encode() for i in range(SIZE)]


def test_random_numbers_follow_the_example():
    split = make()
    drawn = [
        dict(zip(batch[4], batch[0], strict=True))
        for batch in collect(split.training_batches(23, 0, 0, 0, 1))
        + collect(split.training_batches(5, 0, 0, 0, 1))
    ]
    for batch in drawn[1:]:
        assert batch.items() <= drawn[0].items()


def test_a_part_is_in_the_larger_part():
    split = make()
    small, large = split.take(6), split.take(12)
    assert set(small.ids) < set(large.ids) < set(split.ids)
    ((*_, names, _),) = collect(small.evaluation_batches(6))
    assert names == [i.encode() for i in small.ids]


@pytest.mark.parametrize("order", [None, orders.Streams])
def test_a_batch_that_is_never_full_is_refused(order):
    split = make(order)
    with pytest.raises(errors.UserError, match="24 is more than the 23"):
        split.training_batches(24, 0, 0, 0, 1)
    assert split.steps(24) == 0


def test_rows_that_workers_cannot_share_are_refused():
    with pytest.raises(ValueError, match="split"):
        make().training_batches(5, 0, 0, 0, 1, share=(0, 2))


@pytest.mark.parametrize("kind", ["array", "map", "tensor", "own"])
def test_rows_are_gathered_from_whatever_holds_them(kind, tmp_path):
    rows = np.arange(60, dtype=np.uint8).reshape(10, 3, 2)
    np.save(tmp_path / "rows.npy", rows)

    class Own:
        def gather(self, indices):
            return tf.gather(rows, indices)

    source = {
        "array": rows,
        "map": np.load(tmp_path / "rows.npy", mmap_mode="r"),
        "tensor": tf.constant(rows),
        "own": Own(),
    }[kind]
    data = tf.data.Dataset.range(10).batch(5, drop_remainder=True)
    data = data.map(lambda indices: batches.gather(source, 9 - indices))
    assert data.element_spec.shape == (5, 3, 2)
    np.testing.assert_array_equal(np.concatenate(list(data)), rows[::-1])
