"""How large the pictures of a folder or archive are, by their headers."""

import io
import pathlib

from PIL import Image

from kerasnotes.data.common import file_sets
from kerasnotes.data.pictures import inspect

_SAMPLE = 100


def largest(path):
    """Return the height and width that no picture of a sample exceeds.

    The sample is of a hundred files at equal distances in the order of their
    names, so that each class has its share. What can't be read is left out.

    Args:
        path: a folder, also one that holds one zip archive alone, or a zip
            archive.

    Returns:
        `(height, width)`, or None where there is no such path or no picture
        among them.

    >>> largest("no/such/folder")
    """
    if not pathlib.Path(path).expanduser().exists():
        return None
    source = file_sets.Files(path)
    archives = source.archives()
    if len(archives) == len(source.names) == 1:
        source = file_sets.Files(archives[0])
    step = max(1, len(source.names) // _SAMPLE)
    sizes = [_size(source, name) for name in source.names[::step]]
    sizes = [size for size in sizes if size]
    return sizes and tuple(map(max, zip(*sizes, strict=True))) or None


def _size(source, name):
    """Return a picture's height and width, or None."""
    try:
        if not inspect.is_picture(source.read(name, 16)):
            return None
        with Image.open(io.BytesIO(source.read(name))) as picture:
            return picture.height, picture.width
    except Exception:  # Pillow, zipfile and the disk raise whatever they meet.
        return None
