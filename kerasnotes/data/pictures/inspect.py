"""Encoded pictures on the host: what they are, and whether to decode them."""

import dataclasses
import io

from PIL import Image, UnidentifiedImageError

from kerasnotes import errors
from kerasnotes.data.pictures import tiff

MAX_PIXELS = 100_000_000
MAX_BYTES = 320_000_000
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
# Modes of which TensorFlow's decoder makes one channel, or one and alpha.
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B")
# Markers of a JPEG's segments.
_EXIF, _ADOBE, _FRAMES, _PIXELS = 0xE1, 0xEE, (0xC0, 0xC1, 0xC2), 0xDA
_FILL = 0xFF
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
    """Check a picture and mend what TensorFlow can't read of it.

    Args:
        data: the encoded bytes.
        name: the file, for the error message.

    Returns:
        The bytes to decode: `data`, or what `mend` makes of them; of a TIFF
        of one page its PNG.

    Raises:
        UserError: see `check`.

    >>> prepare(b"# Read me", "README.md")
    Traceback (most recent call last):
    kerasnotes.errors.UserError: README.md: no whole JPEG, PNG, BMP, GIF or WebP
    """
    if tiff.is_tiff(data):
        data = tiff.prepare(data, name)
    _, needs_mending = check(data, name)
    return mend(data, name) if needs_mending else data


@dataclasses.dataclass(frozen=True)
class Header:
    """What a picture's header says.

    Attributes:
        pixels: how many it has.
        needs_mending: whether TensorFlow can't read it as it is, see `check`.
        is_grey: whether `decode` makes one channel of it.
        is_plain: whether it is a JPEG of the usual kind, without EXIF data:
            upright, opaque, grey or RGB, and not very wide.
    """

    pixels: int
    needs_mending: bool
    is_grey: bool
    is_plain: bool


def header(data, name="picture"):
    """Return the `Header` of a picture.

    Args:
        data: the encoded bytes; of a JPEG or a PNG, all up to the pixels.
        name: the file, for the error message.

    Raises:
        UserError: see `check`.
    """
    image = _open(data, name)
    needs_mending = _needs_mending(image, data)
    keeps_grey = image.format in ("JPEG", "MPO", "PNG")
    grey = ("1", "L") if needs_mending else keeps_grey * _GREY
    is_plain = image.format == "JPEG" and "exif" not in image.info
    # Wider ones are resized on their side.
    is_plain &= image.width <= 16 * image.height
    return Header(
        image.width * image.height,
        needs_mending,
        image.mode in grey,
        is_plain and image.mode in ("L", "RGB"),
    )


def is_plain_jpeg(data):
    """Says of a JPEG whether it is plain, in microseconds; False in doubt.

    Args:
        data: the encoded bytes.

    >>> is_plain_jpeg(b"GIF89a......")
    False
    """
    at, is_plain = 2, False
    if not data.startswith(b"\xff\xd8"):
        return False
    # A segment that matters has ten bytes and more.
    while data[at : at + 1] == b"\xff" and at + 10 <= len(data):
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in (_EXIF, _ADOBE, _FILL):
            return False
        if marker in _FRAMES:
            height, width = (
                int.from_bytes(data[at + i : at + i + 2]) for i in (5, 7)
            )
            is_plain = data[at + 9] in (1, 3) and width <= 16 * height
        if marker == _PIXELS:
            return is_plain
        at += 2 + size
    return False


def is_cut_short(head, end, size):
    r"""Says whether a file seems to lack its end.

    Args:
        head: its first bytes, 12 or more.
        end: its last bytes, 64 where it has them.
        size: the number of all its bytes.

    >>> is_cut_short(b"\xff\xd8\xff\xe0........", b"no end of image", 27)
    True
    """
    if head.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in end
    if head.startswith(b"\x89PNG"):
        return b"IEND" not in end
    if head.startswith(b"RIFF"):
        return int.from_bytes(head[4:8], "little") + 8 > size
    if head.startswith(b"BM"):
        return int.from_bytes(head[2:6], "little") > size
    return not end.endswith(b";")


def check(data, name="picture"):
    """Read a picture's header.

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
    parsed = header(data, name)
    return parsed.pixels, parsed.needs_mending


def _open(data, name):
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
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name)
    return image


def mend(data, name="picture"):
    """Return a PNG of the picture, or of an animation's first frame.

    Args:
        data: the encoded bytes.
        name: the file, for the error message.

    Raises:
        UserError: it can't be decoded.
    """
    out = io.BytesIO()
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        # `decode.decode` turns it, as it turns all.
        exif = image.info.get("exif", b"")
        _opaque(image).save(out, "PNG", compress_level=1, exif=exif)
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
    """Return the picture as `decode.decode` would see it."""
    if image.mode in ("1", "L"):
        return image
    if image.format == "GIF" and image.has_transparency_data:
        black = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(black, image.convert("RGBA"))
    keep = image.format == "WEBP" and image.mode == "RGBA"
    return image if keep else image.convert("RGB")
