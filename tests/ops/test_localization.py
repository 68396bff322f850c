"""The course's vector of one object, by hand and there and back."""

import numpy as np
import pytest
from keras import ops

from kerasnotes import layers
from kerasnotes.ops import notes_answer, notes_target

SIZE = (40, 80, 3)


def test_by_hand():
    # The centre of the first pixel is 0, half a pixel from the edge.
    points = [[[7.5, 9.5], [80, 40]], [[1.0, 1], [2, 2]]]
    y = notes_target(
        [[20, 10, 60, 30], [np.nan, 0, 7, 7]],
        *([2, -1], 3, points, [[True, False], [True, True]]),
        image_shape=SIZE,
    )
    nan = np.nan
    # Height before width, unlike any format of Keras' with x before y.
    want = [1, 0.5, 0.5, 0.5, 0.5, 0, 0, 1, 0.1, 0.25, nan, nan]
    np.testing.assert_allclose(y, [want, [0] * 12], rtol=1e-6)
    y = notes_target([[0, 0, 8, 2]], [0], image_shape=SIZE)
    np.testing.assert_allclose(y, [[1, 0.05, 0.025, 0.05, 0.1]], rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["xyxy", "yxyx", "xywh", "center_yxhw", "rel_xyxy", "rel_xywh"]
)
def test_there_and_back(name):
    rng = np.random.default_rng(0)
    boxes = rng.uniform(1, 30, (20, 4)).astype("float32")
    labels = rng.integers(-1, 3, 20)
    points = rng.uniform(0, 40, (20, 5, 2)).astype("float32")
    options = {"bounding_box_format": name, "image_shape": SIZE}
    y = notes_target(boxes, labels, 3, points, **options)
    answer = notes_answer(y, 3, from_logits=False, **options)
    answer = {k: ops.convert_to_numpy(v) for k, v in answer.items()}
    np.testing.assert_array_equal(answer["labels"], labels)
    there = labels >= 0
    np.testing.assert_array_equal(answer["presence"], there)
    for found, want in (("boxes", boxes), ("landmarks", points)):
        np.testing.assert_allclose(
            answer[found][there], want[there], rtol=1e-5, atol=1e-5
        )


def test_a_pixels_centre_is_that_of_a_heat_map():
    heat = np.full([1, *SIZE[:2], 1], -1e4, "float32")
    heat[0, 7, 31] = 0
    shares = layers.SoftArgmax()(heat)
    y = notes_target(
        *([[0, 0, 8, 2]], [0], 0, [[[31.0, 7.0]]]), image_shape=SIZE
    )
    np.testing.assert_allclose(y[:, 5:], shares[:, 0], rtol=1e-6)


def test_logits():
    y = [[2.0, 0.5, 0.5, 0.5, 0.5, 1.0, 3.0], [-2.0] + [0.0] * 6]
    answer = notes_answer(y, 2, image_shape=SIZE)
    want = 1 / (1 + np.exp([-2, 2]))
    np.testing.assert_allclose(answer["presence"], want, rtol=1e-5)
    assert ops.convert_to_numpy(answer["labels"]).tolist() == [1, -1]
    chances = ops.convert_to_numpy(answer["probabilities"])
    np.testing.assert_allclose(chances[0, 1], 1 / (1 + np.exp(-2)), rtol=1e-5)
    answer = notes_answer(y, 2, threshold=0.9, image_shape=SIZE)
    assert ops.convert_to_numpy(answer["labels"]).tolist() == [-1, -1]


def test_a_label_that_is_no_class_is_not_free():
    y = notes_target([[0, 0, 8, 2]] * 2, [3, 2], 3, image_shape=SIZE)
    y = ops.convert_to_numpy(y)
    assert np.isnan(y[0, 5:]).all() and y[1, 5:].tolist() == [0, 0, 1]
    assert np.isfinite(y[:, :5]).all()


def test_no_picture():
    y = notes_target(np.zeros([0, 4]), np.zeros([0]), 2, image_shape=SIZE)
    assert y.shape == (0, 7)
    assert notes_answer(y, 2, image_shape=SIZE)["boxes"].shape == (0, 4)


def test_refusals():
    with pytest.raises(ValueError, match="`image_shape` must come with boxes"):
        notes_target([[0, 0, 1, 1]], [0])
    with pytest.raises(ValueError, match=r"`y` must have 5 \+ 2 columns"):
        notes_answer(np.zeros([1, 8]), 2, image_shape=SIZE)
