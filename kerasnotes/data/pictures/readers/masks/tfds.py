"""Sets of TensorFlow Datasets with a picture and the class of each pixel."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import (
    decode,
    examples,
    mask_examples,
    mask_sizes,
)

_MASK = "segmentation_mask"
# What the numbers of a set mean, where its own features don't say.
_NAMES = {"oxford_iiit_pet": ["pet", "background", "outline"]}


def read(name, data_dir=None, **arguments):
    """Read a set by its TFDS name, downloading it only if it is missing.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.
        **arguments: see `read_builder`.

    Returns:
        The `MaskExamples`; train, test and validation are official splits.

    Raises:
        UserError: no such set, or it holds no pictures with masks, or it is
            missing and can't be downloaded.
    """
    return tfds_sets.read(
        name,
        data_dir,
        keys,
        lambda builder: read_builder(builder, **arguments),
        "digit_masks",
        "a TFDS name of segmentation, as 'oxford_iiit_pet', or a folder or "
        "zip of pictures with masks that exists",
    )


def keys(builder):
    """Return the names of the picture and of its mask.

    Args:
        builder: a `tfds.core.DatasetBuilder`.

    Raises:
        UserError: it holds no pictures with masks.
    """
    features = dict(builder.info.features)
    pictures = [
        key
        for key, feature in features.items()
        if type(feature) is tfds.features.Image
        and feature.dtype == np.uint8
        and key != _MASK
    ]
    mask = features.get(_MASK)
    if (
        len(pictures) != 1
        or not isinstance(mask, tfds.features.Image)
        or mask.shape[-1] != 1
    ):
        raise errors.UserError(
            f"--dataset: {builder.name} does not hold a picture with a "
            f"{_MASK} of one channel each; its features are "
            f"{', '.join(features)}"
        )
    return pictures[0], _MASK


def read_builder(
    builder,
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read a prepared TFDS builder.

    Numbers that count from 1, as those of `oxford_iiit_pet`, become classes
    from 0, and 255 is ignored.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        size: the side wanted, or `(height, width)`; None is the set's own,
            and 128 where its pictures differ.
        channels: 1, 3, or None for the set's own.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`; they are always kept.

    Returns:
        The `MaskExamples`; ids are `split/000123`, in TFDS's order.

    Raises:
        UserError: it holds no pictures with masks.
    """
    image_key, mask_key = keys(builder)
    *side, depth = builder.info.features[image_key].shape
    side = None if None in side else tuple(side)
    size = size or side or 128
    size = (size, size) if isinstance(size, int) else tuple(size)
    channels = channels or (1 if depth == 1 else 3)
    splits = tfds_sets.splits(builder)
    # A set that was never prepared doesn't know them: reading it says so.
    counts = {
        name: int(builder.as_dataset(split=name).cardinality())
        for name in splits.values()
    }
    total = sum(counts.values())
    cache = "auto" if cache == "none" else cache
    images = examples.allocate((total, *size, channels), cache_dir, cache)
    masks = examples.allocate((total, *size), cache_dir, cache)
    ids, sizes, official = [], [], {}
    for split, name in splits.items():
        data = builder.as_dataset(split=name, shuffle_files=False)
        data = data.map(
            lambda row: (
                decode.resize(row[image_key], size, channels, mode),
                tf.shape(row[image_key])[:2],
                row[mask_key],
            ),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        first = len(ids)
        for picture, shape, mask in progress.progress(
            data.as_numpy_iterator(), counts[name], split
        ):
            row = len(ids)
            images[row] = picture
            masks[row] = mask_sizes.resize(mask[..., 0], size, mode)
            ids.append(f"{split}/{row - first:06d}")
            sizes.append(shape)
        official[split] = np.arange(first, len(ids))
    masks, names, note = _classes(builder.name, masks[: len(ids)])
    return mask_examples.MaskExamples(
        images[: len(ids)],
        masks,
        ids,
        names,
        official if len(official) > 1 else None,
        own_size=side,
        sizes=sizes,
        mode=mode,
        notes=[note],
    )


def _classes(name, masks):
    """Return masks of classes from 0, their names, and a line on both."""
    values = np.flatnonzero(np.bincount(masks.ravel(), minlength=256))
    ids = values[values != mask_sizes.IGNORED]
    numbers = np.full(256, mask_sizes.IGNORED, np.uint8)
    first = 0 if 0 in ids else 1
    names = _NAMES.get(name)
    if not names or len(names) + first <= ids.max(initial=0):
        names = [str(i) for i in range(first, int(ids.max(initial=0)) + 1)]
    numbers[first : first + len(names)] = np.arange(len(names))
    note = f"--dataset={name}: classes are {', '.join(names[:12])}"
    if first:
        note += "; the set counts them from 1"
    if mask_sizes.IGNORED in values:
        note += "; 255 is no class, and ignored"
    return numbers[masks], names, note
