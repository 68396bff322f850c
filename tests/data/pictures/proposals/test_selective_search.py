import itertools

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.pictures.proposals import selective_search
from tests.support.detections import iou

propose = selective_search.propose


def scene(seed, size=(60, 80), channels=3):
    """Return a noisy picture of rectangles, and their boxes."""
    rng = np.random.default_rng(seed)
    image = np.full((*size, channels), 60.0)
    boxes = [[5, 6, 30, 28], [40, 10, 70, 25], [10, 35, 28, 55]]
    for box in boxes:
        image[box[1] : box[3], box[0] : box[2]] = rng.integers(
            120, 255, channels
        )
    image += rng.normal(0, 3, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), np.array(boxes)


@pytest.mark.parametrize("channels", [1, 3])
def test_objects_are_among_the_boxes(channels):
    picture, objects = scene(0, channels=channels)
    boxes = propose(picture)
    for box in objects:
        assert max(iou(box, other) for other in boxes) > 0.7


def test_boxes_are_different_and_inside():
    picture, _ = scene(1)
    boxes = propose(picture, 1000)
    assert boxes.dtype == np.float32
    assert (boxes == boxes.round()).all()
    assert boxes.min() == 0
    assert (boxes.max(0) <= [80, 60, 80, 60]).all()
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 4
    pairs = itertools.combinations(boxes.astype(float), 2)
    assert max(iou(*pair) for pair in pairs) <= 0.8


def test_fewer_are_the_first():
    picture, _ = scene(2)
    boxes = propose(picture, 1000)
    assert len(boxes) > 10
    np.testing.assert_array_equal(propose(picture, 7), boxes[:7])
    np.testing.assert_array_equal(propose(picture, 1000), boxes)
    other = propose(picture, 1000, seed=1)
    assert not np.array_equal(other[:7], boxes[:7])


def test_order_is_the_place_in_the_hierarchy(monkeypatch):
    """Without chance the largest come first; with it they do in the mean."""

    class One:
        def random(self, count):
            return np.ones(count)

    picture, _ = scene(3)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: One())
    assert propose(picture)[0].tolist() == [0, 0, 80, 60]


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (50, 2), (3, 3), (64, 48)])
def test_one_colour_is_one_box(shape):
    for channels, value in itertools.product((1, 3), (0, 255)):
        picture = np.full((*shape, channels), value, np.uint8)
        boxes = propose(picture)
        assert boxes.tolist() == [[0, 0, shape[1], shape[0]]]


def test_narrow_pictures_have_parts():
    picture = np.zeros((2, 200, 3), np.uint8)
    picture[:, 90:] = 250
    assert [90, 0, 200, 2] in propose(picture).tolist()


def test_types_and_layouts_are_alike():
    picture, _ = scene(4)
    boxes = propose(picture)
    for other in (
        picture.astype(np.float32),
        picture.astype(np.int64),
        np.asfortranarray(picture),
        picture[::-1][::-1],
    ):
        np.testing.assert_array_equal(propose(other), boxes)
    grey = picture[..., :1]
    np.testing.assert_array_equal(
        propose(grey), propose(np.repeat(grey, 3, axis=-1))
    )


def test_large_noise_has_no_more_regions_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(selective_search, "_REGIONS", 20)
    picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    parts = selective_search._hierarchies(picture)
    assert max(map(len, parts)) <= 2 * 20
    assert len(parts) == 8


NAN = np.full((4, 4, 3), np.nan)


@pytest.mark.parametrize(
    "picture",
    [
        NAN,
        np.where(np.eye(4)[..., None] > 0, NAN, 7.0),
        np.full((4, 4, 3), np.inf),
        np.full((4, 4, 3), -1),
        np.full((4, 4, 3), 255.5),
        np.zeros((4, 4)),
        np.zeros((4, 4, 2)),
        np.zeros((4, 4, 4)),
        np.zeros((0, 4, 3)),
        np.zeros((1, 4, 4, 3)),
        np.zeros((4, 4, 3), bool),
        np.full((4, 4, 3), "a"),
    ],
)
def test_pictures_refused(picture):
    with pytest.raises(errors.ArgumentError, match=r"`picture`.*Received: "):
        propose(picture)


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", 0), ("number", 2.5), ("number", True), ("seed", -1)],
)
def test_settings_refused(name, value):
    with pytest.raises(errors.ArgumentError, match=f"`{name}`.*Received: "):
        propose(np.zeros((4, 4, 3)), **{name: value})
