"""What moves with a batch, in the graph, dense and ragged."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import warping
from kerasnotes.data.pictures.augmentation.policy import Policy

RNG = np.random.default_rng(0)
CANVAS, SIZE = (72, 80), (60, 64)
POLICIES = {
    "all": Policy(
        mirror=True, flip=True, rotate=20, shear=5, crop=0.6, warp=0.01,
        fill="constant", brightness=0.2, canvas=1.25,
    ),
    "rand_augment": Policy(mirror=True, ops=3, magnitude=4, fill="constant"),
    "crop": Policy(mirror=True, canvas=1.25),
    "still": Policy(brightness=0.2),
}  # fmt: skip


def mapped(policy, pictures, function, *targets):
    """Return what a function of a move and targets makes in a `map`."""
    numbers = RNG.random((len(pictures), policy.width)).astype(np.float32)

    def move(pictures, numbers, *targets):
        size = SIZE if policy.canvas > 1 else None
        pictures, move = policy(pictures, numbers, size)
        return pictures, function(move, *targets)

    data = tf.data.Dataset.from_tensors((pictures, numbers, *targets))
    data = data.map(move, num_parallel_calls=2)
    return data.element_spec, next(iter(data))


def discs(points, size):
    """Draws a soft disc at each point, `[b, *size, 1]`."""
    y, x = np.ogrid[: size[0], : size[1]]
    x, y = x - points[..., None, None, 0], y - points[..., None, None, 1]
    drawn = 250 * np.exp(-(x**2 + y**2) / 8).max(1)
    return np.rint(drawn).astype(np.uint8)[..., None]


@pytest.mark.parametrize("name", POLICIES)
def test_drawn_points_move_with_their_pictures(name):
    points = RNG.uniform([25, 22], [55, 50], (12, 1, 2)).astype(np.float32)
    _, (pictures, (moved, visible)) = mapped(
        POLICIES[name],
        discs(points, CANVAS),
        lambda move, points: move.points(points),
        points,
    )
    pictures = pictures.numpy()[..., 0].astype(float)
    pictures = np.maximum(pictures - 60, 0)
    height, width = pictures.shape[1:]
    y, x = np.ogrid[:height, :width]
    inner = 0
    for picture, (point,) in zip(pictures, moved.numpy(), strict=True):
        if (point < 8).any() or (point > [width - 9, height - 9]).any():
            continue
        centroid = np.array([(x * picture).sum(), (y * picture).sum()])
        if name != "rand_augment" or picture.max() > 100:
            # RandAugment's tones may leave nothing of a disc, or turn it.
            assert np.abs(centroid / picture.sum() - point).max() < 0.5
        inner += 1
    assert inner >= 5 and visible.numpy().sum() >= inner


@pytest.mark.parametrize("name", POLICIES)
def test_all_is_the_warp_of_the_pictures(name):
    policy = POLICIES[name]
    masks = np.zeros((6, *CANVAS), np.int32)
    masks[:, 20:50, 24:60] = 7
    boxes = np.tile([24, 20, 60, 50], (6, 1, 1))
    pictures = np.where(masks == 7, 200, 0).astype(np.uint8)[..., None]
    spec, (pictures, (moved, shares, warped)) = mapped(
        policy,
        pictures,
        lambda move, boxes, masks: (*move.boxes(boxes), move.masks(masks)),
        boxes,
        masks,
    )
    size = SIZE if policy.canvas > 1 else CANVAS
    assert spec[1][0].shape == (6, 1, 4) and spec[1][2].shape == (6, *size)
    warped = warped.numpy()
    if name != "rand_augment":
        # The picture is a mean of its neighbours; at its edges it is half.
        bright = pictures.numpy()[..., 0] > 70
        assert (bright != (warped == 7)).mean() < 0.02
    for mask, (box,), (share,) in zip(
        warped, moved.numpy(), shares.numpy(), strict=True
    ):
        y, x = np.nonzero(mask)
        around = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        assert np.abs(around - box).max() < 1.5
        assert 0 < share <= 1


def ragged(values, lengths):
    return tf.RaggedTensor.from_row_lengths(values, lengths)


def move_of(count, **arguments):
    policy = Policy(fill="constant", **arguments)
    numbers = RNG.random((count, policy.width)).astype(np.float32)
    pictures = tf.zeros([count, *CANVAS, 1], tf.uint8)
    return policy(pictures, tf.constant(numbers))[1]


@pytest.mark.parametrize("lengths", [[2, 0, 3], [0, 0, 0], [4, 4, 4]])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "float16"])
def test_ragged_targets_are_dense_ones_row_by_row(lengths, dtype):
    move = move_of(3, mirror=True, rotate=20, warp=0.01)
    boxes = np.sort(RNG.uniform(0, 70, (sum(lengths), 2, 2)), 1)
    boxes = ragged(boxes.reshape(-1, 4).astype(dtype), lengths)
    objects = RNG.uniform(0, 70, (sum(lengths), 5, 2)).astype(dtype)
    objects = ragged(objects, lengths)
    moved, shares = move.boxes(boxes)
    points, visible = move.points(objects, pairs=[(0, 1), (4, 2)])
    wanted = "float32" if dtype == "int32" else dtype
    assert moved.dtype == points.dtype == wanted and shares.dtype == tf.float32
    for parts in (moved, shares, points, visible):
        assert parts.row_lengths().numpy().tolist() == lengths
    pairs = [(0, 1), (4, 2)]
    for of_all, dense in (
        ((moved, shares), move.boxes(boxes.to_tensor())),
        ((points, visible), move.points(objects.to_tensor(), pairs=pairs)),
    ):
        for rows, others in zip(of_all, dense, strict=True):
            for row, other, length in zip(rows, others, lengths, strict=True):
                np.testing.assert_array_equal(row, other[:length])


def test_a_target_alone_is_the_target_in_its_batch():
    numbers = RNG.random((3, warping.Geometry.width)).astype(np.float32)
    geometry = warping.Geometry(rotate=20, warp=0.03)
    arguments = geometry, CANVAS, CANVAS, "constant"
    move = warping.Move(tf.constant(numbers), *arguments)
    boxes = np.sort(RNG.uniform(-9, 80, (3, 4, 2, 2)), 2).reshape(3, 4, 4)
    alone = warping.Move(tf.constant(numbers[1:2]), *arguments)
    for together, one in (
        (move.boxes(boxes), alone.boxes(boxes[1:2, 2:3])),
        (move.points(boxes[..., :2]), alone.points(boxes[1:2, 2:3, :2])),
    ):
        for rows, row in zip(together, one, strict=True):
            np.testing.assert_allclose(rows[1, 2], row[0, 0], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int64", "float32"])
def test_masks_of_any_type_and_rank(dtype):
    move = move_of(3, mirror=True, rotate=20)
    masks = RNG.integers(0, 2, (3, *CANVAS, 2)).astype(dtype)
    warped = move.masks(masks)
    assert warped.dtype == dtype and warped.shape == (3, *CANVAS, 2)
    np.testing.assert_array_equal(move.masks(masks[..., 1]), warped[..., 1])
    rows = np.moveaxis(masks, -1, 1)
    objects = ragged(rows.reshape(6, *CANVAS), [2, 2, 2])
    np.testing.assert_array_equal(
        move.masks(objects).to_tensor(), np.moveaxis(warped, -1, 1)
    )
    objects = ragged(rows[0], [0, 2, 0])
    assert move.masks(objects).row_lengths().numpy().tolist() == [0, 2, 0]
    none = move.masks(ragged(rows[0, :0], [0, 0, 0]))
    assert none.to_list() == [[], [], []]
    assert move.masks(masks[..., :0]).shape == (3, *CANVAS, 0)


def test_what_lies_beyond_the_border():
    move = move_of(1, rotate=45)
    masks = np.ones((1, *CANVAS), np.uint8)
    for outside in (0, 255):
        warped = move.masks(masks, outside=outside).numpy()
        assert set(np.unique(warped)) == {1, outside}
    assert (move.masks(masks, fill="nearest") == 1).numpy().all()
    reflecting = Policy(shift=0.5)
    pictures = RNG.integers(0, 255, (1, 8, 8, 3)).astype(np.uint8)
    numbers = tf.ones([1, reflecting.width]) * 0.999
    warped, move = reflecting(tf.constant(pictures), numbers)
    # A shift by 3.99 of 8 pixels: the mask shows what the picture mixes most.
    mask = move.masks(pictures).numpy().astype(int)
    assert np.abs(mask - warped.numpy()).max() <= 3


def test_batches_of_none_and_of_one():
    none, one = move_of(0, rotate=9, warp=0.01), move_of(1, rotate=9)
    assert none.boxes(np.zeros((0, 2, 4)))[0].shape == (0, 2, 4)
    assert none.points(np.zeros((0, 3, 2)))[1].shape == (0, 3)
    assert none.masks(np.zeros((0, *CANVAS), bool)).shape == (0, *CANVAS)
    empty = tf.RaggedTensor.from_row_lengths(tf.zeros([0, 4]), [0])
    assert one.boxes(empty)[1].to_list() == [[]]
    assert one.boxes(tf.ragged.constant([[]], ragged_rank=1, inner_shape=(4,)))[
        0
    ].to_list() == [[]]
    assert one.boxes(np.zeros((1, 0, 4), int))[1].shape == (1, 0)
    # All axes ragged, as `tf.ragged.constant` makes them.
    deep = tf.ragged.constant([[[1, 2, 30, 40]]])
    np.testing.assert_array_equal(
        one.boxes(deep)[0].to_tensor(), one.boxes([[[1, 2, 30, 40]]])[0]
    )


def test_pairs_are_swapped_in_a_mirror_and_what_is_hidden_stays_so():
    policy = Policy(mirror=True)
    pictures = tf.zeros([3, 10, 10, 1], tf.uint8)
    numbers = np.full((3, policy.width), 0.9, np.float32)
    numbers[0, 0] = 0
    _, move = policy(pictures, tf.constant(numbers))
    eyes = np.tile([[2, 3], [6, 3], [4, 5]], (3, 1, 1))
    visible = [[True, False, True]] * 3
    points, visible = move.points(eyes, visible, pairs=[(0, 1)])
    assert points[0].numpy().tolist() == [[3, 3], [7, 3], [5, 5]]
    assert points[1].numpy().tolist() == eyes[1].tolist()
    assert visible.numpy().tolist() == [
        [False, True, True], [True, False, True], [True, False, True],
    ]  # fmt: skip
    flat = ragged(eyes[:2].reshape(-1, 2), [3, 0, 3])
    points, _ = move.points(flat, pairs=[(0, 1)])
    assert points[0].numpy().tolist() == [[3, 3], [7, 3], [5, 5]]
    assert points[1].shape == (0, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="name point 1"):
        move.points(ragged(eyes[0], [1, 0, 2]), pairs=[(0, 1)])
    with pytest.raises(ValueError, match=r"\(0, 3\)"):
        move.points(eyes, pairs=[(0, 3)])


def test_targets_of_the_picture_move_with_its_canvas():
    policy = Policy(canvas=2.0)
    numbers = np.zeros((1, policy.width), np.float32)
    pictures = tf.constant(RNG.integers(0, 9, (1, 8, 12, 1)), tf.uint8)
    warped, move = policy(pictures, tf.constant(numbers), (4, 6))
    np.testing.assert_array_equal(warped, pictures[:, :4, :6])
    move = move.of_size((4, 6))
    # The window is the canvas' first quarter: three pixels by two.
    boxes, shares = move.boxes([[[0, 0, 3, 2], [1, 1, 5, 2]]])
    assert boxes[0].numpy().tolist() == [[0, 0, 6, 4], [2, 2, 6, 4]]
    assert shares[0].numpy().tolist() == [1, 0.5]
    small = RNG.integers(0, 9, (1, 4, 6))
    np.testing.assert_array_equal(
        move.masks(small)[0], small[0, :2, :3].repeat(2, 0).repeat(2, 1)
    )
    points, visible = move.points([[[0.5, 0.5], [3.5, 0.5]]])
    assert points[0].numpy().tolist() == [[1.5, 1.5], [7.5, 1.5]]
    assert visible[0].numpy().tolist() == [True, False]


def test_nothing_is_worked_out_that_is_not_asked():
    policy = Policy(mirror=True, rotate=10)

    def pictures(pictures, numbers):
        return policy(pictures, numbers)[0]

    graph = tf.function(pictures).get_concrete_function(
        tf.TensorSpec([4, 8, 8, 3], tf.uint8),
        tf.TensorSpec([4, policy.width], tf.float32),
    )
    types = [operation.type for operation in graph.graph.get_operations()]
    calls = sum("PyFunc" in name for name in types)
    assert calls == (warping.backend() == "opencv") + (
        warping.backend() == "tensorflow"
    )


def test_refused():
    move = move_of(2, rotate=9)
    with pytest.raises(ValueError, match=r"`boxes` end in axes of \(4,\)"):
        move.boxes(np.zeros((2, 3, 5)))
    with pytest.raises(ValueError, match="`masks` are.*Received: \\(2, 9\\)"):
        move.masks(np.zeros((2, 9)))
    with pytest.raises(ValueError, match="`boxes` are"):
        move.boxes(np.zeros((3, 1, 4)))
    with pytest.raises(ValueError, match="`masks` are"):
        move.masks(np.zeros((2, 9, 9)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="axes of"):
        move.boxes(tf.ragged.constant([[[1, 2, 3]], []]))
