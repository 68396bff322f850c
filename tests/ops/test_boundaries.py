import numpy as np
import pytest

from kerasnotes.ops import boundary


def loop(labels, ignore=-1):
    """Return the boundary, pixel by pixel."""
    height, width = labels.shape
    edges = np.zeros(labels.shape, bool)
    for row in range(height):
        for column in range(width):
            for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                r, c = row + down, column + right
                if not (0 <= r < height and 0 <= c < width):
                    continue
                pair = labels[row, column], labels[r, c]
                edges[row, column] |= pair[0] != pair[1] and ignore not in pair
    return edges


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (8, 9)])
@pytest.mark.parametrize("ignore", [-1, 2])
def test_against_a_loop(shape, ignore):
    rng = np.random.default_rng(0)
    labels = rng.integers(-1, 4, (3, *shape))
    edges = np.array(boundary(labels, ignore))
    assert edges.dtype == bool
    for ours, picture in zip(edges, labels, strict=True):
        np.testing.assert_array_equal(ours, loop(picture, ignore))


@pytest.mark.parametrize("dtype", ["uint8", "bool", "float32", "int64"])
def test_types_of_masks(dtype):
    mask = np.zeros((5, 6), dtype)
    mask[1:4, 2:5] = 1
    want = loop(mask.astype(int))
    assert want.sum() == 20
    np.testing.assert_array_equal(boundary(mask), want)


def test_one_class_fills_the_picture():
    assert not np.array(boundary(np.ones((2, 4, 5)))).any()
    assert boundary(np.ones((0, 4, 5), int)).shape == (0, 4, 5)


def test_refuses_fewer_axes():
    with pytest.raises(ValueError, match=r"`labels` must be .*Received: .*3,"):
        boundary([1, 2, 3])
