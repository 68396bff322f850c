"""From the name that a user gives to pictures with boxes."""

import pathlib

from kerasnotes.data.common import built_in

BUILT_IN = ("one_digit", "many_digits")
"""Scenes of real digits: one or none with landmarks, or up to eight."""


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
    """Read a set of pictures with boxes.

    Args:
        dataset: `one_digit` or `many_digits`; the name of a TFDS detection
            set, as `voc`, `coco` or `kitti`; or the path of a folder or zip
            archive in a format of `readers.boxes.formats`.
        data_dir: where TFDS keeps its sets; its own default if None.
        image_size: the side wanted, or `(height, width)`; None is the size
            of the scenes, and 256 for other sets.
        channels: 1 or 3; None is 1 for a set of grey pictures, else 3.
        resize: `"stretch"`, `"pad"` or `"crop"`, see `decode.resize`.
        cache_dir: where a large set's decoded pictures go; the system's
            temporary folder if None.
        cache: see `examples.keeps`.

    Returns:
        The `BoxExamples`.

    Raises:
        UserError: there is no such set, or it can't be read.

    >>> load("no/such/folder")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kerasnotes.errors.UserError: --dataset: no such folder: 'no/such/folder'...
    """
    arguments = {
        "size": image_size,
        "channels": channels,
        "mode": resize,
        "cache_dir": cache_dir,
        "cache": cache,
    }
    if dataset in BUILT_IN:
        built_in.tell(dataset)
        from kerasnotes.data.pictures.readers import digit_scenes

        builders = (digit_scenes.OneDigit, digit_scenes.ManyDigits)
        builder = builders[BUILT_IN.index(dataset)]
        return digit_scenes.read(builder, data_dir=data_dir, **arguments)
    path = pathlib.Path(dataset).expanduser()
    if path.exists():
        from kerasnotes.data.pictures.readers.boxes import read

        arguments["size"] = image_size or 256
        return read.read(path, **arguments)
    built_in.refuse_path(dataset)
    from kerasnotes.data.pictures.readers.boxes import tfds

    return tfds.read(dataset, data_dir, **arguments)
