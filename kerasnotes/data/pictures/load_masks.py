"""From the name that a user gives to pictures with masks."""

import pathlib

from kerasnotes.data.common import built_in

BUILT_IN = ("digit_masks",)
"""Scenes of up to three real digits, with the class of each pixel."""


def load(
    dataset,
    *,
    data_dir=None,
    image_size=None,
    channels=None,
    resize="stretch",
    cache_dir=None,
    cache="auto",
    **of_files,
):
    """Read a set of pictures with masks.

    Args:
        dataset: `digit_masks`; the name of a TFDS set with a picture and a
            `segmentation_mask`, as `oxford_iiit_pet`; or the path of a folder
            or zip archive of pictures with masks, see `readers.masks.read`.
        data_dir: where TFDS keeps its sets; its own default if None.
        image_size: the side wanted, or `(height, width)`; None is the size
            of the pictures, which has to be one.
        channels: 1 or 3; None is 1 for a set of grey pictures, else 3.
        resize: `"stretch"`, `"pad"` or `"crop"`, see `decode.resize`.
        cache_dir: where a large set's decoded pictures go; the system's
            temporary folder if None.
        cache: see `examples.keeps`.
        **of_files: `image_folder`, `mask_folder` and `threshold` of
            `readers.masks.read.read`.

    Returns:
        The `MaskExamples`.

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
        from kerasnotes.data.pictures.readers import digit_masks

        return digit_masks.read(data_dir=data_dir, **arguments)
    path = pathlib.Path(dataset).expanduser()
    if path.exists():
        from kerasnotes.data.pictures.readers.masks import read

        return read.read(path, **arguments, **of_files)
    built_in.refuse_path(dataset)
    from kerasnotes.data.pictures.readers.masks import tfds

    return tfds.read(dataset, data_dir, **arguments)
