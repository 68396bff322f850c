"""How large the pictures of a folder or archive are, by their headers."""

import io
import pathlib

from PIL import Image

from kerasnotes.data.pictures import exif, find_files, inspect

_SAMPLE = 100


def largest(path):
    """Return the height and width that no picture of a sample exceeds.

    The sample is of a hundred files at equal distances in the order of their
    names, so that each class has its share. What can't be read is left out.

    Args:
        path: a folder or a zip archive, see `find_files.open_files`.

    Returns:
        `(height, width)`, or None where there is no such path or no picture
        among them.

    >>> largest("no/such/folder")
    """
    if not pathlib.Path(path).expanduser().exists():
        return None
    source = find_files.open_files(path)
    step = max(1, len(source.names) // _SAMPLE)
    sizes = [_size(source, name) for name in source.names[::step]]
    sizes = [size for size in sizes if size]
    return sizes and tuple(map(max, zip(*sizes, strict=True))) or None


def _size(source, name):
    """Return the height and width of a picture as it is shown, or None."""
    try:
        if not inspect.is_picture(source.read(name, 16)):
            return None
        data = source.read(name)
        with Image.open(io.BytesIO(data)) as picture:
            size = picture.height, picture.width
        lies = "exif" in picture.info and exif.orientation(data) >= 5
        return size[::-1] if lies else size
    except Exception:  # Pillow, zipfile and the disk raise whatever they meet.
        return None
