"""From the name that a user gives to the examples."""

import dataclasses
import pathlib

from kerasnotes import specs
from kerasnotes.data.common import built_in
from kerasnotes.data.pictures import examples

_BATCH = 1024


def load(
    dataset,
    *,
    data_dir=None,
    image_size=None,
    channels=None,
    resize="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read a set of labelled pictures.

    Args:
        dataset: `digits`, the name of a TFDS image-classification set, the
            path of a folder or zip archive of class folders, or of a folder
            with IDX files of the MNIST family; or `composed:key=value,…`
            with the arguments of `sources.composed.read`.
        data_dir: where TFDS keeps its sets; its own default if None.
        image_size: the side wanted, or `(height, width)`; None is the size
            of the set's own pictures, and 32 where they differ.
        channels: 1 or 3; None is 1 for a set of grey pictures, else 3.
        resize: `"stretch"`, `"pad"` or `"crop"`, see `decode.resize`.
        cache_dir: where a large set's decoded pictures go; the system's
            temporary folder if None.
        cache: where decoded pictures are kept: `"memory"`, `"disk"`, or
            `"none"` for files and TFDS records that are decoded whenever they
            are needed; `"auto"` chooses by their size, see `examples.keeps`.

    Returns:
        The `Examples`.

    Raises:
        UserError: there is no such set, or it can't be read.

    >>> load("no/such/folder")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kerasnotes.errors.UserError: --dataset: no such folder: 'no/such/folder'...
    """
    from kerasnotes.data.pictures.readers import folders, idx

    arguments = {
        "channels": channels,
        "mode": resize,
        "cache_dir": cache_dir,
        "cache": cache,
    }
    if dataset == "digits":
        built_in.tell(dataset)
        from kerasnotes.data.pictures.readers import tfds as tfds_pictures

        return tfds_pictures.read_digits(data_dir, size=image_size, **arguments)
    if dataset.partition(":")[0] == "composed":
        from kerasnotes.data.pictures.readers import composed

        arguments |= {"size": image_size, "data_dir": data_dir}
        kinds = {"composed": composed.read}
        return specs.call("--dataset", dataset, kinds, **arguments)
    path = pathlib.Path(dataset).expanduser()
    if path.exists():
        train_images = idx.find(path)
        if train_images:
            return _resized(
                idx.read(train_images, cache_dir, cache),
                image_size,
                **arguments,
            )
        return folders.read(path, image_size or 32, **arguments)
    built_in.refuse_path(dataset)
    from kerasnotes.data.pictures.readers import tfds as tfds_pictures

    return tfds_pictures.read(dataset, data_dir, size=image_size, **arguments)


def _resized(originals, size, channels, mode, cache_dir, cache):
    """Brings arrays to a size, where they are of another."""
    import tensorflow as tf

    from kerasnotes.data.pictures import decode

    height, width, depth = originals.images.shape[1:]
    originals = dataclasses.replace(originals, own_size=(height, width))
    size = size or (height, width)
    size = (size, size) if isinstance(size, int) else tuple(size)
    shape = (*size, channels or depth)
    if shape == (height, width, depth):
        return originals
    array = examples.allocate((len(originals.images), *shape), cache_dir, cache)

    @tf.function(reduce_retracing=True)
    def to_size(batch):
        return decode.resize(batch, size, shape[2], mode)

    for start in range(0, len(array), _BATCH):
        rows = slice(start, start + _BATCH)
        array[rows] = to_size(tf.constant(originals.images[rows]))
    return dataclasses.replace(originals, images=array)
