"""Decoding and resizing, against Pillow."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes.data.pictures import decode as images
from kerasnotes.data.pictures import inspect
from tests.support.pictures import RGB, blocks, encoded

GREY = RGB.convert("L")
ALPHA = Image.fromarray(blocks(1, 1)[..., 0])


@pytest.fixture(scope="module")
def decode():
    traced = tf.function(
        images.decode, input_signature=[tf.TensorSpec([], tf.string)]
    )
    return lambda data: traced(data).numpy().astype(int)


@pytest.mark.parametrize(
    ("data", "mode", "tolerance"),
    [
        (encoded(RGB, "PNG"), "RGB", 0),
        (encoded(GREY, "PNG"), "L", 0),
        (encoded(RGB.quantize(16), "PNG"), "RGB", 0),
        (encoded(GREY.convert("1"), "PNG"), "L", 0),
        (encoded(RGB, "BMP"), "RGB", 0),
        (encoded(RGB, "GIF"), "RGB", 0),
        (encoded(RGB, "WEBP", lossless=True), "RGB", 0),
        (encoded(RGB.quantize(16), "GIF", save_all=True,
                 append_images=[GREY.convert("P")]), "RGB", 0),
        (encoded(RGB, "JPEG", quality=95), "RGB", 8),
        (encoded(RGB, "JPEG", quality=95, progressive=True), "RGB", 8),
        (encoded(GREY, "JPEG", quality=95), "L", 8),
        (encoded(RGB.convert("CMYK"), "JPEG", quality=95), "RGB", 8),
    ],
)  # fmt: skip
def test_formats_decode_as_pillow_does(decode, data, mode, tolerance):
    expected = np.asarray(Image.open(io.BytesIO(data)).convert(mode), int)
    picture = decode(data)
    np.testing.assert_array_equal(decode(inspect.prepare(data)), picture)
    assert picture.shape[2] == (1 if mode == "L" else 3)
    picture = picture.squeeze(2) if mode == "L" else picture
    np.testing.assert_allclose(picture, expected, atol=tolerance)


def test_16_bits_keep_their_upper_8(decode):
    values = np.arange(6 * 7, dtype=np.uint16).reshape(6, 7) * 1500
    data = encoded(Image.fromarray(values), "PNG")
    np.testing.assert_array_equal(decode(data)[..., 0], values >> 8)


@pytest.mark.parametrize(
    "image",
    [
        Image.merge("RGBA", (*RGB.split(), ALPHA)),
        Image.merge("LA", (GREY, ALPHA)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_laid_over_white(decode, image, kind):
    data = encoded(
        image, kind, **({"lossless": True} if kind == "WEBP" else {})
    )
    rgba = Image.open(io.BytesIO(data)).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    expected = np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))
    picture = decode(data)
    np.testing.assert_allclose(
        np.broadcast_to(picture, expected.shape), expected, atol=1
    )
    grey = image.mode == "LA" and kind == "PNG"
    assert picture.shape[2] == (1 if grey else 3)


def test_transparent_palette_is_laid_over_white(decode):
    image = RGB.quantize(8)
    data = encoded(image, "PNG", transparency=0)
    hidden = np.asarray(image) == 0
    assert hidden.any()
    expected = np.where(
        hidden[..., None], 255, np.asarray(image.convert("RGB"))
    )
    np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize(
    "image",
    [
        RGB.quantize(16),
        GREY.convert("1"),
        GREY,
        Image.merge("RGBA", (*RGB.split(), ALPHA)),
    ],
)
def test_other_bmps_are_mended(decode, image):
    data = encoded(image, "BMP")
    mended = inspect.prepare(data)
    assert mended != data
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    picture = decode(mended)
    np.testing.assert_array_equal(
        np.broadcast_to(picture, np.asarray(expected).shape), expected
    )


def test_the_fourth_channel_of_a_bmp_is_dropped(decode):
    image = Image.merge("RGBA", (*RGB.split(), ALPHA))
    np.testing.assert_array_equal(decode(encoded(image, "BMP")), RGB)


@pytest.mark.parametrize("size", [(7, 9), (17, 13), (40, 32), (64, 96)])
def test_stretch_is_pillows_bilinear(size):
    expected = RGB.resize(size, Image.BILINEAR)
    resized = images.resize(tf.constant(np.asarray(RGB)), size[::-1])
    np.testing.assert_allclose(
        resized.numpy().astype(int), np.asarray(expected, int), atol=1
    )


def test_a_very_wide_picture_is_pillows_bilinear():
    wide = np.random.default_rng(0).integers(0, 256, (3, 400, 3), np.uint8)
    expected = Image.fromarray(wide).resize((20, 10), Image.BILINEAR)
    resized = images.resize(tf.constant(wide), (10, 20)).numpy()
    np.testing.assert_allclose(
        resized.astype(int), np.asarray(expected, int), atol=1
    )


def test_pad_and_crop_keep_the_shape():
    picture = tf.constant(np.asarray(RGB))  # 32 high, 40 wide
    padded = images.resize(picture, 20, mode="pad").numpy().astype(int)
    inner = np.asarray(RGB.resize((20, 16), Image.BILINEAR), int)
    np.testing.assert_allclose(padded[2:18], inner, atol=1)
    assert not padded[:2].any() and not padded[18:].any()
    cropped = images.resize(picture, 16, mode="crop").numpy().astype(int)
    middle = RGB.crop((4, 0, 36, 32)).resize((16, 16), Image.BILINEAR)
    np.testing.assert_allclose(cropped, np.asarray(middle, int), atol=1)


def test_channels():
    colour, grey = np.asarray(RGB), np.asarray(GREY)[..., None]
    to_grey = images.resize(tf.constant(colour), (32, 40), 1).numpy()
    np.testing.assert_allclose(to_grey.astype(int), grey.astype(int), atol=1)
    to_colour = images.resize(tf.constant(grey), (32, 40), 3).numpy()
    np.testing.assert_array_equal(to_colour, np.repeat(grey, 3, 2))


@pytest.mark.parametrize("mode", images.MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_its_pictures(mode, channels):
    batch = np.stack([blocks(3), blocks(3, 1)])
    together = images.resize(tf.constant(batch), 12, channels, mode)
    assert together.shape == (2, 12, 12, channels)
    for picture, resized in zip(batch, together, strict=True):
        alone = images.resize(tf.constant(picture), 12, channels, mode)
        np.testing.assert_array_equal(resized, alone)


@pytest.mark.parametrize("mode", images.MODES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1)])
def test_tiny_pictures(mode, shape):
    picture = tf.fill([*shape, 1], tf.constant(7, tf.uint8))
    resized = images.resize(picture, 4, 3, mode).numpy()
    assert resized.shape == (4, 4, 3) and resized.max() == 7


def test_wrong_arguments():
    picture = tf.zeros([2, 2, 3], tf.uint8)
    with pytest.raises(ValueError, match="`mode`.*Received: 'fit'"):
        images.resize(picture, 2, mode="fit")
    with pytest.raises(ValueError, match="`channels`.*Received: 2"):
        images.resize(picture, 2, channels=2)


def test_a_saved_model_decodes_a_batch_alike(tmp_path, decode):
    tags = Image.Exif()
    tags[0x0112] = 6
    rgba = Image.merge("RGBA", (*RGB.split(), ALPHA))
    batch = [
        encoded(RGB, "JPEG", exif=tags.tobytes()),
        encoded(rgba, "PNG"),
        encoded(GREY, "GIF"),
    ]

    def one(data):
        return images.resize(images.decode(data), 12)

    class Served(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, data):
            spec = tf.TensorSpec([12, 12, 3], tf.uint8)
            return tf.map_fn(one, data, fn_output_signature=spec)

    tf.saved_model.save(Served(), str(tmp_path))
    served = tf.saved_model.load(str(tmp_path))(tf.constant(batch))
    for data, picture in zip(batch, served, strict=True):
        np.testing.assert_array_equal(picture, one(data))


def test_other_modes_are_refused():
    with pytest.raises(ValueError, match="one of stretch, pad, crop. Received"):
        images.resize(np.zeros([4, 4, 3], "uint8"), 2, mode="shrink")
