"""The IDX files of the MNIST family, plain or gzip.

Source: Y. LeCun, "The MNIST database", section "File formats".
"""

import filecmp
import gzip
import hashlib
import math
import pathlib
import re
import zlib

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import examples

_UNSIGNED_BYTE = 0x08
_GZIP = b"\x1f\x8b"
# Pictures never shrink to a hundredth; what does would fill the memory.
_ABSURD, _RATIO = 2**26, 100


def find(folder):
    """Return the training images' file in a folder or below, or None.

    Of copies of one file it is any.

    Args:
        folder: a `pathlib.Path`.

    Raises:
        UserError: several sets of IDX files lie there.

    >>> find(pathlib.Path("no such folder"))
    """
    candidates = {
        file.with_suffix("") if file.suffix == ".gz" else file: file
        for file in sorted(folder.rglob("*train-images*idx3-ubyte*"))[::-1]
        # Some programs unpack a file into a folder of its name.
        if file.name.endswith(("idx3-ubyte", "idx3-ubyte.gz"))
        and file.is_file()
    }
    first, *others = candidates.values() or [None]
    if not all(_is_copy(file, first) for file in others):
        names = ", ".join(sorted(file.name for file in candidates.values()))
        raise errors.UserError(
            f"--dataset: several sets in {folder}: {names}; give a folder "
            "that holds one."
        )
    return first


def _is_copy(file, other):
    """Return whether files are one, but for the marks in their names."""
    names = {re.sub("[^a-z0-9]", "", path.name) for path in (file, other)}
    return len(names) == 1 and filecmp.cmp(file, other, shallow=False)


def read(train_images, cache_dir=None, cache="auto"):
    """Read a set: training files, and test files (`t10k`) if they are there.

    Args:
        train_images: the path of `…train-images-idx3-ubyte[.gz]`; the
            labels lie beside it.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.allocate`.

    Returns:
        The `Examples`, of the files' own size; `official` has train, and
        test where there are such files.

    Raises:
        UserError: a file is missing, broken or doesn't fit its other.
    """
    train_images = pathlib.Path(train_images)
    parts = {"train": _pair(train_images)}
    tests = [
        _sibling(train_images, ("train", name)) for name in ("t10k", "test")
    ]
    if all(tests):
        raise errors.UserError(
            f"{tests[1]}: beside {tests[0].name}; move one of the test sets "
            "away"
        )
    test_images = tests[0] or tests[1]
    if test_images:
        parts["test"] = _pair(test_images)
        shapes = [images.shape[1:] for images, _ in parts.values()]
        if shapes[0] != shapes[1]:
            raise errors.UserError(
                f"{test_images}: pictures of {shapes[1]}, training pictures "
                f"of {shapes[0]}."
            )
    values = np.unique(parts["train"][1])
    for images_file, (_, labels) in zip(
        (train_images, test_images), parts.values(), strict=False
    ):
        _check_labels(_labels_of(images_file), labels, values)
    counts = [len(labels) for _, labels in parts.values()]
    shape = (sum(counts), *parts["train"][0].shape[1:], 1)
    images = examples.allocate(shape, cache_dir, cache)
    np.concatenate([x[..., None] for x, _ in parts.values()], out=images)
    labels = np.concatenate([labels for _, labels in parts.values()])
    ids = [f"{s}/{i:06d}" for s, (_, y) in parts.items() for i in range(len(y))]
    official = {"train": np.arange(counts[0])}
    if test_images:
        official["test"] = np.arange(counts[0], sum(counts))
    return examples.Examples(
        images,
        np.searchsorted(values, labels).astype(np.int64),
        ids,
        [str(value) for value in values],
        official,
        keys=[
            _key(picture, label)
            for x, y in parts.values()
            for picture, label in zip(x, y, strict=True)
        ],
    )


def _key(picture, label):
    """Return what tells a picture and its label from others."""
    digest = hashlib.blake2b(picture.tobytes(), digest_size=8)
    return f"{digest.hexdigest()} {label}"


def _check_labels(file, labels, values):
    gap = np.flatnonzero(np.diff(values) > 1)
    if gap.size:
        raise errors.UserError(
            f"{file}: label {values[gap[0] + 1]} is out of range: no "
            f"training label lies between it and {values[gap[0]]}; number "
            "the classes without gaps."
        )
    wrong = np.setdiff1d(labels, values)
    if wrong.size:
        raise errors.UserError(
            f"{file}: label {wrong[0]} is out of range: the training labels "
            f"run from {values[0]} to {values[-1]}."
        )


def _sibling(file, *changes):
    """Return the file, plain or gzip, whose name differs so, or None.

    It lies beside the file, or where that is alone in a folder of its name,
    in such a folder beside this one.
    """

    def beside(path):
        name = re.escape(path.name.removesuffix(".gz"))
        for old, new in changes:
            name = name.replace(re.escape(old), new)
        return [
            other
            for other in path.parent.iterdir()
            if re.fullmatch(name, other.name.removesuffix(".gz"))
        ]

    folders = [f for f in beside(file.resolve().parent) if f.is_dir()]
    siblings = beside(file) + [
        inner for folder in folders for inner in beside(folder / file.name)
    ]
    return min(filter(pathlib.Path.is_file, siblings), default=None)


def _labels_of(images_file):
    return _sibling(images_file, ("images", "labels"), ("idx3", "idx1"))


def _pair(images_file):
    label_file = _labels_of(images_file)
    if label_file is None:
        raise errors.UserError(
            f"{images_file}: its labels are missing: "
            "…labels…idx1-ubyte beside it."
        )
    images = _load(images_file, 3)
    labels = _load(label_file, 1)
    if len(images) != len(labels):
        raise errors.UserError(
            f"{label_file}: {len(labels)} labels for the {len(images)} "
            f"pictures of {images_file.name}."
        )
    return images, labels


def _load(file, dimensions):
    try:
        # Some programs unpack a file and leave its name, or the reverse.
        with open(file, "rb") as stream:
            is_packed = stream.read(2) == _GZIP
        with (gzip.open if is_packed else open)(file, "rb") as stream:
            head = stream.read(4 + 4 * dimensions)
            magic = bytes([0, 0, _UNSIGNED_BYTE, dimensions])
            if head[:4] != magic:
                raise errors.UserError(
                    f"{file}: no IDX file of {dimensions} dimensions: it "
                    f"begins with {head[:4].hex()}, not {magic.hex()}."
                )
            if len(head) < 4 + 4 * dimensions:
                raise EOFError("its header is truncated")
            shape = np.frombuffer(head[4:], ">u4").tolist()
            size = math.prod(shape)
            _check_size(file, size, is_packed)
            data = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise errors.UserError(f"{file}: can't be read: {error}") from error
    if len(data) != size:
        raise errors.UserError(
            f"{file}: its header promises {size} bytes of data, but it "
            f"holds {'more' if len(data) > size else len(data)}."
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _check_size(file, size, is_packed):
    """Refuses a header that promises nothing, or what can't be in the file."""
    held = file.stat().st_size
    most = max(_ABSURD, _RATIO * held) if is_packed else held
    if not 0 < size <= most:
        raise errors.UserError(
            f"{file}: its header promises {size} bytes of data, and the file "
            f"has {held}; get a whole one"
        )
