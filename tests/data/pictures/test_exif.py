"""EXIF orientation inside the graph, against Pillow."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerasnotes.data.pictures import decode, exif
from tests.support.pictures import RGB, encoded


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation(kind, endian, value):
    tags = Image.Exif()
    tags.endian = endian
    tags[0x010F] = "a maker of cameras"
    tags[0x0112] = value
    data = encoded(RGB, kind, exif=tags.tobytes())
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
