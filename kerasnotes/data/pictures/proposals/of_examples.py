"""The proposals of a set of pictures, computed once on all cores."""

import joblib
import numpy as np

from kerasnotes.data.common import progress
from kerasnotes.data.pictures.proposals import selective_search, store

_CHUNK = 64
# To begin other processes takes as long as this many pictures.
_FEW = 4


def of_examples(
    examples, indices=None, number=300, seed=0, folder=None, processes=None
):
    """Return the proposals of pictures, see `selective_search.propose`.

    Args:
        examples: the `Examples`, of which only `images` are read.
        indices: which of them; None for all.
        number: how many boxes of a picture at most.
        seed: of the random numbers, the same for all pictures.
        folder: where what was computed is kept, for runs to come; a picture
            is recognised by its pixels, so that only new ones are computed.
            None for nowhere.
        processes: how many at a time; None for the cores that there are.

    Returns:
        The boxes, float32 `[n, number, 4]`, `xyxy` in pixels of `images`, the
        best first, with zeros after the last; and how many there are of each
        picture, int32 `[n]`, at least 1.

    Raises:
        UserError: a file can't be read or written.
        ValueError: as there; or an index is none of the pictures.

    >>> import collections
    >>> pictures = np.zeros([2, 8, 8, 1], "uint8")
    >>> pictures[1, 2:, 2:] = 200
    >>> examples = collections.namedtuple("Examples", "images")(pictures)
    >>> boxes, counts = of_examples(examples, number=3)
    >>> boxes.shape, counts.tolist(), boxes[0, 0].tolist()
    ((2, 3, 4), [1, 1], [0.0, 0.0, 8.0, 8.0])
    """
    images = examples.images
    indices = np.arange(len(images)) if indices is None else indices
    indices = np.asarray(indices, np.int64).reshape(-1)
    _check(images, indices, number, seed)
    settings = {"number": number, "seed": seed}
    keep = store.Store(folder, settings) if folder else None
    boxes = np.zeros((len(indices), number, 4), np.float32)
    counts = np.zeros(len(indices), np.int32)
    rows = _rows(images, indices, settings, keep, processes)
    text = f"region proposals of {len(indices):,} pictures"
    for row, part in progress.progress(rows, len(indices), text):
        boxes[row, : len(part)], counts[row] = part, len(part)
    if keep and keep.broken:
        print(
            f"{keep.folder}: {keep.broken:,} of the files of proposals were "
            "broken, and are computed anew"
        )
    return boxes, counts


def _check(images, indices, number, seed):
    # Refused here, not in another process and after hours.
    blank = np.zeros((1, 1, images.shape[-1]), np.uint8)
    selective_search.propose(blank, number, seed)
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(images):
        raise ValueError(
            f"`indices` must be from 0 to {len(images) - 1}. Received: "
            f"{indices.min()} to {indices.max()}"
        )


def _rows(images, indices, settings, keep, processes):
    """Yield the row and the boxes of each picture, stored ones first."""
    missing = []
    for start in range(0, len(indices), _CHUNK):
        part = images[indices[start : start + _CHUNK]]
        for row, picture in enumerate(part, start):
            boxes = keep.read(keep.key(picture)) if keep else None
            if boxes is None:
                missing.append(row)
            else:
                yield row, boxes
    few = len(missing) < _FEW
    parallel = joblib.Parallel(
        1 if few else processes or joblib.cpu_count(), return_as="generator"
    )
    for start in range(0, len(missing), _CHUNK):
        rows = missing[start : start + _CHUNK]
        part = images[indices[rows]]
        tasks = (
            joblib.delayed(selective_search.propose)(picture, **settings)
            for picture in part
        )
        for row, picture, boxes in zip(
            rows, part, parallel(tasks), strict=True
        ):
            if keep:
                keep.write(keep.key(picture), boxes)
            yield row, boxes
