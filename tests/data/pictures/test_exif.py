"""EXIF orientation inside the graph, against Pillow."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerasnotes.data.pictures import decode, exif, inspect
from kerasnotes.data.pictures.readers import composed
from tests.support.pictures import RGB, encoded


def tagged(kind, value=6, endian="<", **options):
    tags = Image.Exif()
    tags.endian = endian
    tags[0x010F] = "a maker of cameras"
    tags[0x0112] = value
    return encoded(RGB, kind, exif=tags.tobytes(), **options)


def behind_pixels(data, prefix=b""):
    """Return a PNG whose EXIF data stand behind its pixels."""
    at = data.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(data[at : at + 4])
    body = prefix + data[at + 8 : end - 4]
    chunk = len(body).to_bytes(4) + b"eXIf" + body
    chunk += zlib.crc32(b"eXIf" + body).to_bytes(4)
    last = data.index(b"IEND") - 4
    # Text that spells the chunk's name, as pixels may.
    text = b"\0\0\0\7tEXta\0 eXIf" + zlib.crc32(b"tEXta\0 eXIf").to_bytes(4)
    return data[:at] + data[end:last] + text + chunk + data[last:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation(kind, endian, value):
    options = {"lossless": True} if kind == "WEBP" else {}
    data = tagged(kind, value, endian, **options)
    assert exif.orientation(data).numpy() == value
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_allclose(
        decode.decode(data).numpy().astype(int),
        np.asarray(expected, int),
        atol=8 if kind == "JPEG" else 0,
    )


def test_orientation_after_other_segments():
    tags = Image.Exif()
    tags[0x0112] = 6
    data = encoded(RGB, "JPEG", exif=tags.tobytes())
    other = b"\xff\xe1\x00\x20http://ns.adobe.com/xap/1.0/\0x"
    data = data[:2] + other + b"\xff\xfe\x00\x06note" + data[2:]
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == 6
    assert exif.orientation(data).numpy() == 6


def test_orientation_behind_the_pixels():
    for prefix in (b"", b"Exif\0\0"):
        data = behind_pixels(tagged("PNG"), prefix)
        assert Image.open(io.BytesIO(data)).getexif()[0x0112] == 6
        assert exif.orientation(data).numpy() == 6
    assert exif.orientation(encoded(RGB, "PNG")).numpy() == 1


def test_orientation_in_a_long_number_behind_padding():
    data = tagged("JPEG", endian=">")
    data = data.replace(
        b"\x01\x12\0\3\0\0\0\1\0\6\0\0", b"\x01\x12\0\4\0\0\0\1\0\0\0\6"
    )
    data = data[:2] + b"\xff\xff" + data[2:]
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == 6
    assert exif.orientation(data).numpy() == 6


def test_what_is_mended_and_what_is_cut_out_is_upright():
    film = tagged("WEBP", lossless=True, save_all=True, append_images=[RGB])
    upright = np.asarray(RGB.transpose(Image.Transpose.ROTATE_270))
    found = decode.decode(inspect.prepare(film))
    np.testing.assert_array_equal(found, upright)
    for data in (tagged("WEBP", lossless=True), behind_pixels(tagged("PNG"))):
        found = composed._cutout(data, 40)[:, 4:36, :3]
        np.testing.assert_array_equal(found, upright)


def test_broken_exif_is_upright():
    tags = Image.Exif()
    tags[0x0112] = 6
    data = encoded(RGB, "JPEG", exif=tags.tobytes())
    at = data.index(b"Exif\0\0") + 6
    for patch in (b"\xff" * 8, b"MM\0*\xff\xff\xff\xff", b"II*\0\0\0\0\x7f"):
        broken = data[:at] + patch + data[at + 8 :]
        assert exif.orientation(broken).numpy() == 1
    tags[0x0112] = 9
    data = encoded(RGB, "JPEG", exif=tags.tobytes())
    assert exif.orientation(data).numpy() == 1
