"""Files of which TIFFs are seen page by page, as PNGs."""

import functools

from kerasnotes import errors
from kerasnotes.data.pictures import tiff

_PNG = b"\x89PNG\r\n\x1a\n"
_HEAD = 64
_REMEMBERED = 16


class TiffFiles:
    """The files of another set, each page of a TIFF a PNG of its own.

    The pages of a stack are called `name#000.tif`, and so on; a TIFF of one
    page keeps its name. Pages are read as they are needed.

    Args:
        files: a `file_sets.Files`.

    Attributes:
        names: sorted, as those of `files`.
        skipped: those of `files`, and TIFFs that can't be read.
        stacks: dictionary of a stack's name to its number of pages.
    """

    def __init__(self, files):
        self._files, self._pages, self.stacks = files, {}, {}
        self.skipped, names = list(files.skipped), []
        for name in files.names:
            if not name.lower().endswith((".tif", ".tiff")):
                names.append(name)
                continue
            try:
                count = self._count(name)
            except Exception as error:  # Whatever Pillow or the disk raises.
                reason = errors.printable(f"no whole TIFF: {error}")
                self.skipped.append((name, reason))
                continue
            self._pages |= pages(name, count)
            if count > 1:
                self.stacks[name] = count
        self.names = sorted([*names, *self._pages])
        self._png = functools.lru_cache(_REMEMBERED)(self._page)

    def _count(self, name):
        if not tiff.is_tiff(self._files.read(name, 4)):
            raise ValueError("it begins otherwise")
        with self._open(name) as image:
            return image.n_frames

    def _open(self, name):
        return tiff.open_tiff(self._files.read(name))

    def _page(self, name):
        file, number = self._pages[name]
        with self._open(file) as image:
            image.seek(number)
            return tiff.png(image)

    def size(self, name):
        """Return the number of bytes that `read` would return, or about."""
        place = self._pages.get(name)
        return self._files.size(place[0] if place else name)

    def read(self, name, count=-1):
        """Return a file's bytes, or its first `count`."""
        if name not in self._pages:
            return self._files.read(name, count)
        if 0 <= count <= _HEAD:
            # To tell what it is, no page is decoded.
            return _PNG[:count]
        data = self._png(name)
        return data if count < 0 else data[:count]

    def ends(self, name, count):
        """Return a file's first and last bytes, at least `count` of each."""
        if name in self._pages:
            return 2 * (self._png(name),)
        return self._files.ends(name, count)

    def archives(self):
        """Return the paths of the zip files of a folder."""
        return self._files.archives()


def pages(name, count):
    """Return a dictionary of the pages' names to file and number.

    >>> pages("a/stack.tif", 2)
    {'a/stack#000.tif': ('a/stack.tif', 0), 'a/stack#001.tif': ('a/stack.tif', 1)}
    >>> pages("a.tif", 1)
    {'a.tif': ('a.tif', 0)}
    """  # noqa: E501
    if count == 1:
        return {name: (name, 0)}
    stem, _, ending = name.rpartition(".")
    return {f"{stem}#{i:03}.{ending}": (name, i) for i in range(count)}
