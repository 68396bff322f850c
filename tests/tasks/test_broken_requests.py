"""A served model that is sent broken pictures."""

import functools
import io

import numpy as np
import tensorflow as tf
from PIL import Image

from tests.support import fuzzing
from tests.support.paths import ROOT

SERVED = ROOT / "saved_models" / "digits_lenet5" / "1"
EACH = 25


def pictures():
    """Yield the bytes of two JPEGs and two PNGs."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    image = Image.fromarray(np.kron(pixels, np.ones((8, 8, 1), np.uint8)))
    tags = Image.Exif()
    tags[0x0112] = 6
    for kind, mode, options in (
        ("JPEG", "L", {"exif": tags.tobytes()}),
        ("JPEG", "RGB", {"progressive": True}),
        ("PNG", "RGBA", {"exif": tags.tobytes()}),
        ("PNG", "P", {}),
    ):
        out = io.BytesIO()
        image.convert(mode).save(out, kind, **options)
        yield f"{kind} {mode}", out.getvalue()


@functools.cache
def served():
    return tf.saved_model.load(SERVED).signatures["serving_default"]


def serve(data):
    """Asks the served model about a picture."""
    try:
        answer = served()(image_bytes=tf.constant([data]))
        assert answer["probabilities"].shape == (1, 10)
    except tf.errors.InvalidArgumentError as error:
        assert error.message


def test_broken_pictures_are_refused_and_the_model_lives():
    cases = [
        (f"{name} {what}", broken)
        for name, data in pictures()
        for what, broken in fuzzing.mutations(data, EACH, 0)
    ]
    fuzzing.guarded_run(serve, cases)
