"""Reads files of pictures: all at once into a cache, or on demand."""

import concurrent.futures
import functools
import itertools
import warnings

import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures import (
    decode,
    examples,
    inspect,
    load_files,
    on_demand,
)

_ENDS = 2**16
_PART = 256
# What TensorFlow is to do with a file: decode a JPEG of the usual kind,
# decode whatever it is, or decode the PNG that stands for it.
PLAIN, ANY, AS_PNG = range(3)


def read_all(
    files, names, size, channels=None, mode="stretch", folder=None, cache="auto"
):
    """Read every picture that can be decoded.

    Args:
        files: a `file_sets.Files`.
        names: which of them to read.
        size: the side wanted, or `(height, width)`.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        folder: where a large cache goes, see `examples.allocate`.
        cache: see `examples.keeps`. Without one only headers are read now,
            and what seems broken or cut short is decoded to be sure.

    Returns:
        uint8 `[n, height, width, channels]`, an array or an
        `on_demand.OnDemand`; the list of the n names that it holds, and a
        list of `(name, reason)` for the others.
    """
    size = (size, size) if isinstance(size, int) else tuple(size)
    shape = (len(names), *size, channels or 3)
    if examples.keeps(shape, cache, folder):
        return load_files.decode_all(
            files, names, size, channels, mode, folder, cache
        )
    headers, skipped = _headers(files, names, size, mode)
    readable = list(headers)
    if channels is None:
        grey = readable and all(header.is_grey for header in headers.values())
        channels = 1 if grey else 3
    kinds = [_kind(header) for header in headers.values()]
    attempt = load_files.decoder(files, size, channels, mode)

    def check(row):
        *_, reason = attempt(readable[row])
        return reason and f"{readable[row]}: {reason}"

    pictures = on_demand.OnDemand(
        _reader(files, readable, kinds, attempt),
        functools.partial(
            decoded, kinds=set(kinds), size=size, channels=channels, mode=mode
        ),
        (len(readable), *size, channels),
        check,
    )
    return pictures, readable, skipped


def _headers(files, names, size, mode):
    """Return a dictionary of name to `Header`, and what is left out."""
    attempt = load_files.decoder(files, size, 3, mode)

    def read(name):
        try:
            header = _header(files, name)
        except Exception:  # Decoding says what is wrong, if anything is.
            header = None
        return header or attempt(name)[1:]

    headers, skipped = {}, []
    with (
        warnings.catch_warnings(),
        concurrent.futures.ThreadPoolExecutor(load_files.THREADS) as pool,
    ):
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        parts = [names[i : i + _PART] for i in range(0, len(names), _PART)]
        parts_read = pool.map(lambda part: list(map(read, part)), parts)
        parts_read = progress.progress(
            itertools.chain.from_iterable(parts_read),
            len(names),
            "reading headers",
        )
        for name, header in zip(names, parts_read, strict=True):
            if isinstance(header, inspect.Header):
                headers[name] = header
                continue
            is_grey, reason = header
            if reason:
                skipped.append((name, reason))
            else:
                # It could be decoded, though it doesn't look like it.
                headers[name] = inspect.Header(
                    load_files.LARGE + 1, False, is_grey, False
                )
    return headers, skipped


def _header(files, name):
    """Return the `Header` of a file that seems to be whole, or None."""
    count = files.size(name)
    if count > load_files.LARGE:
        return None
    head, end = files.ends(name, _ENDS)
    if len(head) < count and not head.startswith((b"\xff\xd8", b"\x89PNG")):
        head = files.read(name)
    if end and inspect.is_cut_short(head, end[-64:], count):
        return None
    return inspect.header(head)


def _kind(header):
    if header.pixels > load_files.LARGE or header.needs_mending:
        return AS_PNG
    return PLAIN if header.is_plain else ANY


def _reader(files, names, kinds, attempt):
    """Return a function of a row that reads its bytes and says their kind."""

    def read(row):
        if kinds[row] == AS_PNG:
            # Large ones one at a time, see `load_files.decode_all`.
            picture, _, reason = attempt(names[row])
            if reason:
                raise errors.UserError(f"{names[row]}: {reason}")
            return tf.io.encode_png(picture, compression=0).numpy(), AS_PNG
        return files.read(names[row]), kinds[row]

    return read


def kind_of(data):
    """Return of which kind the bytes of a picture are: plain, or any."""
    return PLAIN if inspect.is_plain_jpeg(data) else ANY


def decoded(data, kind, kinds, size, channels, mode):
    """Return a picture as a cache holds it, in the graph.

    Args:
        data: a scalar string tensor, the encoded picture.
        kind: a scalar tensor, which kind it is of.
        kinds: the set of kinds that there are.
        size: `(height, width)`.
        channels: 1 or 3.
        mode: see `decode.resize`.
    """

    def plain():
        # The same pixels with a third of the steps.
        picture = tf.io.decode_jpeg(data, 3 if channels == 3 else 0)
        if channels == 3 and mode == "stretch":
            picture = tf.image.resize(picture, size, antialias=True)
            return tf.cast(tf.round(picture), tf.uint8)
        return decode.resize(picture, size, channels, mode)

    def any_picture():
        return decode.resize(decode.decode(data), size, channels, mode)

    def as_png():
        return tf.ensure_shape(tf.io.decode_png(data), [*size, channels])

    ways = dict(enumerate([plain, any_picture, as_png]))
    if len(kinds) == 1:
        return ways[min(kinds)]()
    return tf.switch_case(kind, ways)
