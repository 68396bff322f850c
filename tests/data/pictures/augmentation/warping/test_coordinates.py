"""Landmarks and boxes go where the pixels go."""

import numpy as np
import pytest

from kerasnotes.data.pictures.augmentation import warping

RNG = np.random.default_rng(0)
SOURCE, TARGET = (120, 140), (96, 100)
GEOMETRIES = {
    "mirror": warping.Geometry(mirror=True),
    "flip": warping.Geometry(flip=True),
    "turn": warping.Geometry(rotate=40, shear=15, scale=0.2, shift=0.1),
    "crop": warping.Geometry(mirror=True, crop=(0.4, 1)),
    "local": warping.Geometry(warp=0.03),
    "all": warping.Geometry(True, True, 0.05, 20, 10, 0.1, (0.5, 1), 0, 0.03),
}
EACH = pytest.mark.parametrize("name", GEOMETRIES)


def sample(name, count):
    geometry = GEOMETRIES[name]
    numbers = RNG.random((count, geometry.width))
    warps = geometry.sample(numbers, SOURCE, TARGET)
    return warping.Warps(*list(vars(warps).values())[:-1], "constant")


@EACH
def test_a_landmark_stays_on_its_blob(name):
    warps = sample(name, 12)
    points = RNG.uniform([30, 30], [110, 90], (12, 1, 2))
    y, x = np.ogrid[: SOURCE[0], : SOURCE[1]]
    away = (x - points[..., :1]) ** 2 + (y - points[..., 1:]) ** 2
    blobs = np.rint(250 * np.exp(-away / 8)).astype(np.uint8)[..., None]
    warped = warps.pictures(blobs)[..., 0].astype(float)
    moved, inside = warps.points(points)
    y, x = np.ogrid[: TARGET[0], : TARGET[1]]
    seen = 0
    for picture, (at,) in zip(warped, moved, strict=True):
        # A blob that is cut off by the border has its centroid elsewhere.
        if (at < 9).any() or (at > np.array(TARGET[::-1]) - 10).any():
            continue
        centroid = np.array([(x * picture).sum(), (y * picture).sum()])
        assert np.abs(centroid / picture.sum() - at).max() < 0.25
        seen += 1
    assert seen >= 5


def test_which_landmarks_are_inside():
    warps = warping.Warps(
        np.array([[[1.0, 0, 3], [0, 1, 2]]]), None, (9, 9), (4, 5), "nearest"
    )
    points = [[[2.4, 3], [2.6, 3], [7.4, 5.4], [7.6, 5.4], [7.4, 5.6]]]
    moved, inside = warps.points(np.array(points))
    np.testing.assert_allclose(moved, np.array(points) - [3, 2])
    assert inside.tolist() == [[False, True, True, False, False]]


def test_a_mirrored_left_eye_is_the_right_one():
    eyes = np.tile([[2.0, 3.0], [6.0, 3.0], [4.0, 5.0]], (4, 1, 1))
    geometry = warping.Geometry(mirror=True, flip=True)
    numbers = np.full((4, geometry.width), 0.5)
    numbers[:, :2] = [[0.9, 0.9], [0.1, 0.9], [0.9, 0.1], [0.1, 0.1]]
    warps = geometry.sample(numbers, (10, 10), (10, 10))
    moved, _ = warps.points(eyes, pairs=[(0, 1)])
    # Turned by 180 degrees, by both mirrorings, a left eye is a left eye.
    assert moved.tolist() == [
        [[2, 3], [6, 3], [4, 5]],
        [[3, 3], [7, 3], [5, 5]],
        [[6, 6], [2, 6], [4, 4]],
        [[7, 6], [3, 6], [5, 4]],
    ]


@EACH
def test_a_box_is_around_its_pixels(name):
    warps = sample(name, 10)
    masks = np.zeros((10, *SOURCE), np.uint8)
    masks[:, 40:80, 50:85] = 255
    boxes, shares = warps.boxes(np.tile([50.0, 40, 85, 80], (10, 1, 1)))
    assert (shares > 0).all()
    pictures = warps.pictures(masks[..., None])[..., 0]
    for picture, (box,) in zip(pictures, boxes, strict=True):
        y, x = np.nonzero(picture > 100)
        found = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
        # A corner that is turned to a side fills no half of a pixel.
        assert np.abs(found - box).max() < 1.5


def test_boxes_clipped_and_lost():
    warps = warping.Warps(
        np.array([[[-1.0, 0, 9], [0, 1, 0]]]),
        None,
        (10, 10),
        (10, 8),
        "reflect",
    )
    boxes = np.array([[
        [0, 0, 10, 10], [4, 1, 6, 3], [0, 0, 4, 4], [0, 0, 2, 5], [-1] * 4,
    ]], float)  # fmt: skip
    moved, shares = warps.boxes(boxes)
    assert moved[0, :4].tolist() == [
        [0, 0, 8, 10], [4, 1, 6, 3], [6, 0, 8, 4], [8, 0, 8, 5],
    ]  # fmt: skip
    assert shares.tolist() == [[0.8, 1, 0.5, 0, 0]]
