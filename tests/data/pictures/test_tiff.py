"""TIFFs as PNGs."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import decode, inspect, tiff
from tests.support import mask_files

PIXELS = np.random.default_rng(0).integers(0, 256, [6, 9]).astype(np.uint8)


def tiff_of(values, **arguments):
    data = io.BytesIO()
    Image.fromarray(values).save(data, "TIFF", **arguments)
    return data.getvalue()


@pytest.mark.parametrize(
    ("values", "want"),
    [
        (PIXELS, PIXELS),
        (PIXELS.astype(np.uint16), PIXELS),
        (PIXELS.astype(np.int32), PIXELS),
        (PIXELS.astype(np.uint16) * 257, PIXELS),
        (np.stack([PIXELS, PIXELS.T.reshape(6, 9), PIXELS], -1), None),
    ],
)
def test_pixels_are_those_of_the_tiff(values, want):
    data = inspect.prepare(tiff_of(values), "a.tif")
    picture = decode.decode(tf.constant(data)).numpy()
    want = values if want is None else want[..., None]
    np.testing.assert_array_equal(picture, want)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (PIXELS.astype(np.uint16) * 16, "numbers from \\d+ to 40"),
        (PIXELS.astype(np.int32) - 9, "numbers from -9"),
        (PIXELS.astype(np.float32), "mode F"),
    ],
)
def test_numbers_that_would_be_dark_are_refused(values, reason):
    with pytest.raises(errors.UserError, match=f"a.tif: a TIFF of .*{reason}"):
        inspect.prepare(tiff_of(values), "a.tif")


def test_stacks_and_broken_ones_are_refused(tmp_path):
    mask_files.stack(tmp_path / "a.tif", [PIXELS, PIXELS])
    data = (tmp_path / "a.tif").read_bytes()
    with pytest.raises(errors.UserError, match="a stack of 2 pages"):
        tiff.prepare(data, "a.tif")
    with pytest.raises(errors.UserError, match="a.tif: no whole TIFF"):
        tiff.prepare(data[:60], "a.tif")
