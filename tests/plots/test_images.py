import io

import numpy as np
import pytest
from PIL import Image

from kerasnotes.plots import figures, images


def picture(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")


def thumbnail(image, size):
    return Image.open(io.BytesIO(images.thumbnail_png(image, size)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_tiny_picture_grows_by_whole_pixels(channels):
    image = picture(8, 6, channels)
    grown = np.asarray(thumbnail(image, 100)).reshape(96, 72, channels)
    np.testing.assert_array_equal(
        grown, image.repeat(12, axis=0).repeat(12, axis=1)
    )


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((300, 200, 3), (67, 100)),
        ((60, 60, 3), (60, 60)),
        ((1, 1, 1), (100, 100)),
        ((2000, 1, 1), (1, 100)),
    ],
)
def test_it_fits(shape, size):
    assert thumbnail(picture(*shape), 100).size == size


def test_grid_places_pictures_row_by_row():
    figure = images.grid([picture(8, 8, 1)] * 5, "abcde", columns=3)
    x, y = np.transpose([axes.get_position().p0 for axes in figure.axes])
    np.testing.assert_allclose(
        x - x[0], np.array([0, 1, 2, 0, 1]) / 3, atol=1e-9
    )
    np.testing.assert_allclose(
        y[0] - y, np.array([0, 0, 0, 1, 1]) / 2, atol=1e-9
    )
    assert [axes.get_title() for axes in figure.axes] == list("abcde")
    np.testing.assert_allclose(figure.get_size_inches(), [3.6, 2.88])


def test_grid_shows_grey_from_0_to_255():
    axes = images.grid([np.full((8, 8, 1), 100, "uint8")]).axes[0]
    assert axes.images[0].get_clim() == (0, 255)


def test_grid_mixes_sizes_and_titles_are_no_markup():
    figure = images.grid(
        [picture(8, 8, 1), picture(40, 90, 3)], ["$x", "\\frac{"]
    )
    with Image.open(io.BytesIO(figures.png(figure))) as drawn:
        assert drawn.width > drawn.height


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8, 1)),
        np.zeros((8, 8), "uint8"),
        np.zeros((8, 8, 4), "uint8"),
        np.zeros((0, 8, 1), "uint8"),
    ],
)
def test_another_picture_is_refused(image):
    with pytest.raises(ValueError, match="`image`.*Received"):
        images.grid([image])
    with pytest.raises(ValueError, match="`image`.*Received"):
        images.thumbnail_png(image)


def test_titles_must_match():
    with pytest.raises(ValueError, match="`titles`.*1 images, 2 titles"):
        images.grid([picture(8, 8, 1)], "ab")
    with pytest.raises(ValueError, match="0 images"):
        images.grid([])
