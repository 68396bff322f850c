"""Decodes many pictures to one size, in parallel, leaving out broken ones."""

import concurrent.futures
import contextlib
import functools
import os
import re
import threading
import warnings

import numpy as np
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures import decode, examples, inspect

LARGE = 10_000_000
THREADS = min(os.cpu_count() or 1, 8)


def decode_all(
    files, names, size, channels=None, mode="stretch", folder=None, cache="auto"
):
    """Decode every picture that can be.

    Pictures of more than 10 megapixels are decoded one at a time, so that
    memory stays under 2 GB.

    Args:
        files: has `size(name)` and `read(name)`, as `files.Files`.
        names: which of them to read.
        size: the side wanted, or `(height, width)`.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        folder: where a large set goes, see `examples.allocate`.
        cache: see there.

    Returns:
        uint8 `[n, height, width, channels]`, the list of the n names that
        it holds, and a list of `(name, reason)` for the others.

    """
    target = (size, size) if isinstance(size, int) else tuple(size)
    array = examples.allocate(
        (len(names), *target, channels or 3), folder, cache
    )
    attempt = decoder(files, target, channels or 3, mode)
    decoded, skipped, grey = [], [], True
    with (
        warnings.catch_warnings(),
        concurrent.futures.ThreadPoolExecutor(THREADS) as pool,
    ):
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        results = progress.progress(
            pool.map(attempt, names), len(names), "reading pictures"
        )
        for name, (picture, is_grey, reason) in zip(
            names, results, strict=True
        ):
            if reason:
                skipped.append((name, reason))
                continue
            array[len(decoded)] = picture
            decoded.append(name)
            grey &= is_grey
    array = array[: len(decoded)]
    if channels is None and grey and decoded:
        colour, shape = array, (*array.shape[:3], 1)
        array = examples.allocate(shape, folder, cache)
        np.copyto(array, colour[..., :1])
    return array, decoded, skipped


# Tracing takes a second, most of the time of reading a small set.
@functools.lru_cache(maxsize=8)
def _to_array(size, channels, mode):
    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def to_array(image_bytes):
        picture = decode.decode(image_bytes)
        resized = decode.resize(picture, size, channels, mode)
        return resized, tf.shape(picture)[-1] == 1

    return to_array


def decoder(files, size, channels, mode):
    """Return a function that decodes a picture by its name.

    It returns uint8 `[height, width, channels]`, whether the picture is grey,
    and None; or None twice, and why it can't be decoded.

    Args:
        files: see `decode_all`.
        size: `(height, width)`.
        channels: 1 or 3.
        mode: see `decode.resize`.
    """
    one_large = threading.RLock()
    to_array = _to_array(size, channels, mode)

    def decode(name):
        bytes_held = files.size(name)
        if bytes_held > inspect.MAX_BYTES:
            raise errors.UserError("picture: over 320 MB")
        with one_large if bytes_held > LARGE else contextlib.nullcontext():
            data = files.read(name)
            pixels, needs_mending = inspect.check(data)
            with one_large if pixels > LARGE else contextlib.nullcontext():
                data = inspect.mend(data) if needs_mending else data
                # A bare bytes object would be copied four times.
                encoded = tf.constant(np.array(data, object))
                picture, grey = to_array(encoded)
                return picture.numpy(), bool(grey)

    def attempt(name):
        try:
            return *decode(name), None
        except errors.UserError as error:
            reason = str(error).removeprefix("picture: ")
        except tf.errors.OpError as error:
            reason = (
                "broken: " + re.sub(r"{{.*?}}|\n.*", "", error.message).strip()
            )
        except Exception as error:  # Whatever zipfile or the disk raises.
            reason = f"can't be read: {error}"
        return None, None, errors.printable(reason)

    return attempt
