"""Image-classification sets of TensorFlow Datasets, and the digits."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress, tf_records
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import (
    decode,
    examples,
    on_demand,
    read_files,
)
from kerasnotes.data.pictures.readers import digits

_BATCH = 256


def read_digits(data_dir=None, cache="auto", **arguments):
    """Read `digits`, preparing it at the first use.

    Where `data_dir` can't be written, it is prepared in a temporary folder.

    Args:
        data_dir: TFDS's folder; its own default if None.
        cache: see `read_builder`; they are always kept.
        **arguments: see there.

    Returns:
        The `Examples`, without official splits.
    """
    # The temporary folder doesn't last.
    arguments["cache"] = "auto" if cache == "none" else cache
    return tfds_sets.read_own(
        digits.Digits,
        data_dir,
        lambda builder: read_builder(builder, **arguments),
    )


def read(name, data_dir=None, **arguments):
    """Read a set by its TFDS name, downloading it only if it is missing.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.
        **arguments: see `read_builder`.

    Returns:
        The `Examples`; train, test and validation are official splits.

    Raises:
        UserError: no such set, or it holds no pictures with one label each,
            or it is missing and can't be downloaded.
    """
    return tfds_sets.read(
        name,
        data_dir,
        _keys,
        lambda builder: read_builder(builder, **arguments),
        "digits",
        "a TFDS name of image classification, or a folder or zip of pictures "
        "that exists",
    )


def read_builder(
    builder,
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read a prepared TFDS builder.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        size: the side wanted, or `(height, width)`; None is the set's own,
            and 32 where its pictures differ.
        channels: 1, 3, or None for the set's own.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.

    Returns:
        The `Examples`; ids are `split/000123`, in TFDS's order.

    Raises:
        UserError: it holds no pictures with one label each.
    """
    image_key, _ = _keys(builder)
    height, width, depth = builder.info.features[image_key].shape
    fixed = None not in (height, width) and depth in (1, 3)
    size = size or ((height, width) if fixed else 32)
    size = (size, size) if isinstance(size, int) else tuple(size)
    channels = channels or (1 if depth == 1 else 3)

    def to_size(picture):
        return decode.resize(picture, size, channels, mode)

    sides = tfds_sets.splits(builder)
    # A set that was never prepared doesn't know them: reading it says so.
    known = builder.info.splits
    total = sum(known[n].num_examples for n in sides.values() if n in known)
    shape = (*size, channels)
    if examples.keeps((total, *shape), cache, cache_dir):
        parts = {
            side: _batches(builder, split, fixed, to_size)
            for side, split in sides.items()
        }
        array, labels, ids, official = _collect(parts, shape, cache_dir, cache)
    else:

        def decoded(data, kind):
            if fixed:
                feature = builder.info.features[image_key]
                return to_size(feature.decode_example(data))
            kinds = {read_files.PLAIN, read_files.ANY}
            return read_files.decoded(data, kind, kinds, size, channels, mode)

        tf_records.check_format(builder)
        array, labels, ids, official = _on_demand(builder, sides, decoded)
    return examples.Examples(
        array,
        labels,
        ids,
        builder.info.features[_keys(builder)[1]].names,
        official if len(official) > 1 else None,
        own_size=(height, width) if fixed else None,
    )


def _batches(builder, split, fixed, to_size):
    """Return a split's size and its batches of pictures and labels."""
    image_key, label_key = _keys(builder)
    skip = {image_key: tfds.decode.SkipDecoding()}
    data = builder.as_dataset(
        split=split, shuffle_files=False, decoders=None if fixed else skip
    )

    def decoded(example):
        picture = example[image_key]
        if not fixed:
            picture = to_size(decode.decode(picture))
        return picture, example[label_key]

    batches = data.map(decoded, num_parallel_calls=tf.data.AUTOTUNE)
    batches = batches.batch(_BATCH)
    if fixed:
        batches = batches.map(lambda x, y: (to_size(x), y))
    return int(data.cardinality()), batches.prefetch(2)


def _collect(parts, shape, cache_dir, cache):
    total = sum(count for count, _ in parts.values())
    array = examples.allocate((total, *shape), cache_dir, cache)
    labels = np.zeros(total, np.int64)
    ids, official = [], {}
    for side, (count, batches) in parts.items():
        first = len(ids)
        for x, y in progress.progress(
            batches.as_numpy_iterator(), -(-count // _BATCH), f"batches {side}"
        ):
            rows = slice(len(ids), len(ids) + len(x))
            array[rows], labels[rows] = x, y
            start = len(ids) - first
            ids += [f"{side}/{start + i:06d}" for i in range(len(x))]
        official[side] = np.arange(first, len(ids))
    return array, labels, ids, official


def _on_demand(builder, sides, decoded):
    """Return what `_collect` does, with pictures that are read on demand."""
    image_key, label_key = _keys(builder)
    parts = {
        side: tf_records.Records(builder, split, label_key)
        for side, split in sides.items()
    }
    ids, official = [], {}
    for side, part in parts.items():
        official[side] = np.arange(len(ids), len(ids) + len(part))
        ids += [f"{side}/{i:06d}" for i in range(len(part))]

    def read(row):
        side = ids[row].partition("/")[0]
        record = parts[side].read(row - official[side][0])
        feature = tf.train.Example.FromString(record).features.feature
        data = feature[image_key].bytes_list.value[0]
        return data, read_files.kind_of(data)

    def check(row):
        try:
            decoded(*map(tf.constant, read(row)))
        except Exception as error:  # Of the disk, protobuf and TensorFlow.
            reason = str(error).partition("\n")[0]
            return f"{builder.name}: {ids[row]}: broken: {reason}"
        return None

    shape = (len(ids), *decoded(*map(tf.constant, read(0))).shape)
    labels = np.concatenate([part.values for part in parts.values()])
    pictures = on_demand.OnDemand(read, decoded, shape, check)
    return pictures, labels.astype(np.int64), ids, official


def _keys(builder):
    """Return the names of the picture and of its one label."""
    features = dict(builder.info.features)
    pictures = [
        key
        for key, feature in features.items()
        if type(feature) is tfds.features.Image and feature.dtype == np.uint8
    ]
    labels = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.ClassLabel)
    ]
    chosen = builder.info.supervised_keys or ()
    if len(chosen) == 2 and chosen[0] in pictures and chosen[1] in labels:
        return chosen
    if len(pictures) == len(labels) == 1:
        return pictures[0], labels[0]
    raise errors.UserError(
        f"--dataset: {builder.name} does not hold pictures with one label "
        f"each; its features are {', '.join(features)}."
    )
