"""A labelled set of pictures of one size, in memory or in a file."""

import dataclasses
import functools
import heapq
import os
import shutil
import tempfile

import numpy as np

from kerasnotes import errors, splits

CACHES = ("auto", "memory", "disk", "none")
MEMORY = 512 * 2**20
DISK = 16 * 2**30
_CHUNK = 2**20
# Of sets up to this many pictures the statistics are exact, of larger ones
# those of a sample.
EXACT, SAMPLE = 2**16, 2**12


@dataclasses.dataclass(frozen=True)
class Examples:
    """Pictures with their labels.

    Attributes:
        images: uint8 `[n, height, width, channels]`: an array, an
            `np.memmap`, or an `on_demand.OnDemand` of files.
        labels: int64 `[n]`.
        ids: one name per example: a relative path, or `train/000123`.
        class_names: the name of each label.
        official: dictionary of the source's own splits (train, dev, test)
            to index arrays, or None where it has none.
        skipped: pairs of path and reason, of what was left out.
        synthetic: whether the pictures are composed, not taken.
        own_size: height and width of the source's own pictures, where all
            are alike and it is known.
        canvas: the same pictures larger, for augmentation to cut windows
            from; or None. Beside `images` it takes its share of memory, or
            above 512 MiB of the disk.
        keys: what tells the examples apart, a text for each, where ids are
            places in a file that may come to hold others; or None.

    Raises:
        UserError: there is no example, only one class, or a label without
            a class.
    """

    images: np.ndarray
    labels: np.ndarray
    ids: list
    class_names: list
    official: dict | None = None
    skipped: list = dataclasses.field(default_factory=list)
    synthetic: bool = False
    own_size: tuple | None = None
    canvas: np.ndarray | None = None
    keys: list | None = None

    def __post_init__(self):
        if not len(self.labels):
            raise errors.UserError(
                f"--dataset: no picture could be read: {self._left_out()}"
            )
        self._check_labels()

    def _left_out(self):
        if not self.skipped:
            return "0 skipped"
        first = errors.printable(": ".join(self.skipped[0]))
        return f"{len(self.skipped)} skipped; the first: {first}"

    def _check_labels(self):
        wrong = (self.labels < 0) | (self.labels >= len(self.class_names))
        if wrong.any():
            first = int(np.argmax(wrong))
            raise errors.UserError(
                f"--dataset: label {self.labels[first]} of {self.ids[first]} "
                f"is outside 0…{len(self.class_names) - 1}."
            )
        if len(np.unique(self.labels)) < 2:
            name = self.class_names[self.labels[0]]
            raise errors.UserError(
                f"--dataset: all examples are of one class, {name!r}; "
                f"a classifier needs at least two ({self._left_out()})."
            )

    @property
    def strata(self):
        """What splits keep the shares of, `[n]`: the classes."""
        return self.labels

    @functools.cached_property
    def tensor(self):
        """The images as a `tf.Tensor` on the CPU, or None if in files.

        It shares the array's memory where that is aligned as TensorFlow
        needs it.
        """
        return _tensor(self.images)

    @functools.cached_property
    def source(self):
        """What `batches.gather` reads the images from."""
        return self.images if self.tensor is None else self.tensor

    @functools.cached_property
    def canvas_source(self):
        """What it reads the canvas from."""
        tensor = _tensor(self.canvas)
        return self.canvas if tensor is None else tensor


def _tensor(images):
    import tensorflow as tf

    if type(images) is not np.ndarray:
        return None
    if images.ctypes.data % 64 or not images.flags.c_contiguous:
        aligned = allocate(images.shape)
        aligned[:] = images
        images = aligned
    return tf.experimental.dlpack.from_dlpack(images.__dlpack__())


def keeps(shape, cache, folder=None):
    """Says whether files are decoded once, into a cache.

    Args:
        shape: that of the decoded pictures.
        cache: one of `CACHES`; `"auto"` keeps up to 16 GiB, and no more than
            half of the disk's free space.
        folder: see `allocate`.

    >>> [keeps((10**6, 224, 224, 3), cache) for cache in CACHES]
    [False, True, True, False]
    """
    if cache != "auto":
        return cache != "none"
    size = _bytes(shape)
    if size <= MEMORY:
        return True
    try:
        free = shutil.disk_usage(folder or tempfile.gettempdir()).free
    except OSError:  # `allocate` names the folder.
        return True
    return size <= min(DISK, free / 2)


def _bytes(shape):
    return int(np.prod(shape, dtype=np.int64))


def allocate(shape, folder=None, cache="auto"):
    """Return an uninitialised uint8 array.

    It is a deleted file's `np.memmap` above 512 MiB, and lies on a 64-byte
    boundary below.

    Args:
        shape: the array's shape.
        folder: where the file goes; the system's temporary folder if None.
        cache: one of `CACHES`: `"memory"` and `"disk"` whatever the size.

    Raises:
        UserError: the folder has no room, or can't be written.

    >>> allocate((2, 3)).shape
    (2, 3)
    """
    size = _bytes(shape)
    if cache == "memory" or (size <= MEMORY and cache != "disk"):
        room = np.empty(size + 64, np.uint8)
        start = -room.ctypes.data % 64
        return room[start : start + size].reshape(shape)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            # Without room, a page written later would end the process.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, np.uint8, "r+", shape=tuple(shape))
    except OSError as error:
        where = folder or tempfile.gettempdir()
        raise errors.UserError(
            f"{where}: {error.strerror}; {size / 2**30:.1f} GiB are needed "
            "there for the decoded pictures, or a smaller --image_size."
        ) from error


def sample(examples, indices):
    """Return the rows whose pixels stand for all: 4,096 of over 65,536.

    Which ones depends on their ids alone, not on where pictures are kept.

    Args:
        examples: the `Examples`.
        indices: which of them: the training set.
    """
    indices = np.asarray(indices)
    if len(indices) <= EXACT:
        return indices
    ids = examples.ids
    rows = heapq.nsmallest(
        SAMPLE, indices, key=lambda row: splits.rank(splits.SALT, ids[row])
    )
    return np.sort(rows)


def mean_and_std(examples, indices):
    """Compute each channel's mean and standard deviation, over `sample`.

    `μ = Σ v n_v / N` and `σ = √(Σ (v - μ)² n_v / N)` over the counts n_v of
    the 256 values; a channel that never varies has `σ = 1`, so that it can
    divide.

    Args:
        examples: the `Examples`.
        indices: which of them: the training set.

    Returns:
        Two float64 arrays `[channels]`, in units of 0–255.

    >>> two = Examples(np.array([[[[0]]], [[[2]]]], np.uint8),
    ...                np.array([0, 1]), ["a", "b"], ["0", "1"])
    >>> mean_and_std(two, [0, 1])
    (array([1.]), array([1.]))
    """
    indices = sample(examples, indices)
    _, height, width, channels = examples.images.shape
    step = max(1, _CHUNK // (height * width * channels))
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(indices), step):
        part = examples.images[indices[start : start + step]]
        for channel in range(channels):
            values = part[..., channel].ravel()
            counts[channel] += np.bincount(values, minlength=256)
    shares = counts / counts.sum(1, keepdims=True)
    values = np.arange(256.0)
    mean = shares @ values
    std = np.sqrt((shares * (values - mean[:, None]) ** 2).sum(1))
    return mean, np.where(std > 0, std, 1.0)


def covariance(examples, indices):
    """Compute the covariance of the channels over the pixels of `sample`.

    Args:
        examples: the `Examples`.
        indices: which of them: the training set.

    Returns:
        float64 `[channels, channels]`, in units of 0–255.

    >>> two = Examples(np.array([[[[0]], [[2]]], [[[0]], [[2]]]], np.uint8),
    ...                np.array([0, 1]), ["a", "b"], ["0", "1"])
    >>> covariance(two, [0, 1])
    array([[1.]])
    """
    indices = sample(examples, indices)
    _, height, width, channels = examples.images.shape
    step = max(1, _CHUNK // (height * width * channels))
    total, products = np.zeros(channels), np.zeros((channels, channels))
    for start in range(0, len(indices), step):
        pixels = examples.images[indices[start : start + step]]
        # Whole numbers, whose sums are exact in whatever order.
        pixels = pixels.reshape(-1, channels).astype(float)
        total += pixels.sum(0)
        products += pixels.T @ pixels
    count = len(indices) * height * width
    mean = total / count
    return products / count - np.outer(mean, mean)
