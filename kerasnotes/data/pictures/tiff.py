"""TIFFs, as microscopes write them, as PNGs."""

import io

import numpy as np
from PIL import Image

from kerasnotes import errors

_MAGIC = (b"II*\0", b"MM\0*")
# What a PNG holds as it is.
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_BYTE, _UPPER_HALF = 2**8, 2**15


def is_tiff(head):
    """Return whether a file that begins with `head` claims to be a TIFF.

    >>> is_tiff(bytes([73, 73, 42, 0])), is_tiff(b"GIF8")
    (True, False)
    """
    return head.startswith(_MAGIC)


def open_tiff(data):
    """Return the `PIL.Image.Image` of a TIFF's bytes."""
    return Image.open(io.BytesIO(data), formats=("TIFF",))


def prepare(data, name="picture"):
    """Return the PNG of a TIFF of one page.

    Args:
        data: its bytes.
        name: the file, for the error message.

    Raises:
        UserError: it is broken, has several pages, or see `png`.
    """
    try:
        with open_tiff(data) as image:
            pages, page = image.n_frames, png(image)
    except errors.UserError as error:
        raise errors.UserError(f"{name}: {error}") from error
    except Exception as error:  # Pillow's plugins raise whatever they meet.
        raise errors.UserError(f"{name}: no whole TIFF: {error}") from error
    if pages > 1:
        raise errors.UserError(
            f"{name}: a stack of {pages} pages; save each as a picture"
        )
    return page


def png(image):
    """Return the PNG of the page of a TIFF that Pillow has open.

    Of 16 bits the upper 8 are seen later, as of any PNG. Numbers that need
    no more than 8 are these; those between would be too dark to be seen.

    Args:
        image: the `PIL.Image.Image`.

    Raises:
        UserError: its pixels are neither bytes nor whole numbers of 16 bits,
            or these use the lower bits alone.
    """
    if image.mode in ("CMYK", "YCbCr", "LAB", "PA", "RGBX"):
        image = image.convert("RGB")
    if image.mode in ("I;16", "I;16B", "I"):
        image = _of_numbers(np.asarray(image).astype(np.int64))
    elif image.mode not in _MODES:
        raise errors.UserError(
            f"a TIFF of mode {image.mode}; save it with 8 bits a channel"
        )
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _of_numbers(values):
    most = int(values.max(initial=0))
    if values.min(initial=0) >= 0 and most < _BYTE:
        return Image.fromarray(values.astype(np.uint8))
    if values.min(initial=0) < 0 or not _UPPER_HALF <= most < 2 * _UPPER_HALF:
        raise errors.UserError(
            f"a TIFF of numbers from {values.min()} to {most}, of 65,535; save "
            "it with 8 bits, all pictures alike"
        )
    return Image.fromarray(values.astype(np.uint16))
