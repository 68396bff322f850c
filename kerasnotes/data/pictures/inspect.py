"""Encoded pictures on the host: what they are, and whether to decode them."""

import io

from PIL import Image, UnidentifiedImageError

from kerasnotes import errors

MAX_PIXELS = 100_000_000
MAX_BYTES = 320_000_000
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF87a", b"GIF89a")


def is_picture(head):
    """Says whether a file that begins with `head` claims to be a picture.

    Args:
        head: the first 12 bytes or more.

    >>> is_picture(b"GIF89a......"), is_picture(b"# Read me...")
    (True, False)
    """
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_MAGIC) or webp


def prepare(data, name="picture"):
    """Checks a picture and mends what TensorFlow can't read of it.

    Args:
        data: the encoded bytes.
        name: the file, for the error message.

    Returns:
        The bytes to decode: `data`, or what `mend` makes of them.

    Raises:
        UserError: see `check`.

    >>> prepare(b"# Read me", "README.md")
    Traceback (most recent call last):
    kerasnotes.errors.UserError: README.md: no whole JPEG, PNG, BMP, GIF or WebP
    """
    _, needs_mending = check(data, name)
    return mend(data, name) if needs_mending else data


def check(data, name="picture"):
    """Reads a picture's header.

    Args:
        data: the encoded bytes.
        name: the file, for the error message.

    Returns:
        The number of pixels, and whether TensorFlow needs it mended: a BMP
        with a palette, 16 or 32 bits, or an animation. (A served model takes
        what TensorFlow's decoder takes; see `images`.)

    Raises:
        UserError: it is no picture of a known format, or has more than 100
            megapixels.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise errors.UserError(
            f"{name}: no whole JPEG, PNG, BMP, GIF or WebP"
        ) from error
    except Exception as error:  # Pillow's plugins raise whatever they meet.
        raise errors.UserError(f"{name}: broken header ({error})") from error
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_large(name)
    return pixels, _needs_mending(image, data)


def mend(data, name="picture"):
    """Returns a PNG of the picture, or of an animation's first frame.

    Args:
        data: the encoded bytes.
        name: the file, for the error message.

    Raises:
        UserError: it can't be decoded.
    """
    out = io.BytesIO()
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        _opaque(image).save(out, "PNG", compress_level=1)
    except Exception as error:
        raise errors.UserError(f"{name}: broken ({error})") from error
    return out.getvalue()


def _too_large(name):
    return errors.UserError(
        f"{name}: over {MAX_PIXELS // 10**6} megapixels; make it smaller"
    )


def _needs_mending(image, data):
    if image.format == "BMP":
        bits = int.from_bytes(data[28:30], "little")
        return data[14] != 40 or bits != 24
    # TensorFlow reads every frame of a GIF, each of whatever size it claims.
    if image.format == "GIF":
        return image.is_animated
    # TensorFlow writes the frames of a WebP beyond the memory it has.
    moves = data[12:16] == b"VP8X" and data[20] & 2 > 0
    return image.format == "WEBP" and moves


def _opaque(image):
    """Returns the picture as `images.decode` would see it."""
    if image.mode in ("1", "L"):
        return image
    if image.format == "GIF" and image.has_transparency_data:
        black = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(black, image.convert("RGBA"))
    keep = image.format == "WEBP" and image.mode == "RGBA"
    return image if keep else image.convert("RGB")
