"""Where pictures lie, and what the names of folders and files say."""

import collections
import pathlib
import re

from kerasnotes.data.common import file_sets, joined_files
from kerasnotes.data.pictures import find_files

_SPLIT = re.compile(
    r"(?:^|[\W_])(train|training|val|valid|validation|dev|test|testing)"
    r"(?:[\W_]*\d+)?(?=$|[\W_])",
    re.IGNORECASE,
)
_ANNOTATIONS = (".xml", ".json", ".yaml", ".yml", ".csv", ".tsv")
_NAMES = {
    "train": "train", "training": "train", "val": "dev", "valid": "dev",
    "validation": "dev", "dev": "dev", "test": "test", "testing": "test",
}  # fmt: skip


def open_files(path):
    """Return the files of a folder, or of the archives that lie in one.

    A folder without pictures, but with zip archives, is its files and theirs
    together, those of an archive below its name; one archive without
    annotations beside it is that archive.

    Args:
        path: the folder or archive.

    Raises:
        UserError: see `file_sets.Files`.
    """
    files = file_sets.Files(path)
    archives = files.archives()
    if not archives or find_files.pictures(files)[0]:
        return files
    beside = [n for n in files.names if n.lower().endswith(_ANNOTATIONS)]
    if len(archives) == 1 and not beside:
        return file_sets.Files(archives[0])
    return joined_files.JoinedFiles(files, archives)


def split_of(name):
    """Return the split that a name says: train, dev, test or None.

    >>> split_of("instances_val2017.json"), split_of("trainer/a.json")
    ('dev', None)
    """
    names = [_NAMES[word.lower()] for word in _SPLIT.findall(name)]
    return names[-1] if names else None


def split_of_folders(name):
    """Return the split that the folders of a path say, or None.

    >>> split_of_folders("images/train/test_1.jpg")
    'train'
    """
    for folder in reversed(name.split("/")[:-1]):
        match = _SPLIT.fullmatch(folder)
        if match:
            return _NAMES[match[1].lower()]
    return None


def stem(name):
    """Return a path's last part without its ending."""
    base = name.rpartition("/")[2]
    return base.rpartition(".")[0] or base


class PictureIndex:
    r"""Finds the pictures that annotations name, each in its own way.

    Args:
        names: the pictures' paths.

    >>> index = PictureIndex(["a/train/x.jpg", "a/val/x.jpg"])
    >>> index.find("C:\\data\\x.png", "a/val/labels")
    'a/val/x.jpg'
    """

    def __init__(self, names):
        self.names = list(names)
        self._by_base = collections.defaultdict(list)
        self._by_stem = collections.defaultdict(list)
        for name in self.names:
            base = name.rpartition("/")[2].casefold()
            self._by_base[base].append(name)
            self._by_stem[stem(base)].append(name)

    def find(self, reference, folder="", split=None):
        """Return the one picture that is meant, or None.

        It has the file name, or if none has, the file name but for its
        ending; of several, the one whose path has most of the reference's
        folders at its end, lies in a folder of the split, and shares most
        with the path of the annotation.

        Args:
            reference: a path or a file name, as the annotation has it.
            folder: the folder of the annotation.
            split: the split that the annotation is of, or None.
        """
        reference = str(reference).replace("\\", "/").strip()
        base = reference.rpartition("/")[2].casefold()
        places = self._by_base.get(base) or self._by_stem.get(stem(base), [])
        if not base or len(places) < 2:
            return places[0] if base and places else None
        wanted = reference.casefold().split("/")[-2::-1]

        def rank(name):
            parts = name.casefold().split("/")[:-1]
            return (
                _alike(parts[::-1], wanted),
                split is not None and split_of_folders(name) == split,
                _alike(parts, folder.casefold().split("/")),
            )

        first, second = sorted(places, key=rank)[:-3:-1]
        return None if rank(first) == rank(second) else first


def _alike(one, other):
    """Return how many of the first parts of two lists are the same."""
    count = 0
    for part, twin in zip(one, other, strict=False):
        if part != twin:
            break
        count += 1
    return count


def folder(name):
    """Return the folder of a path, "" at the top."""
    parent = str(pathlib.PurePosixPath(name).parent)
    return "" if parent == "." else parent
