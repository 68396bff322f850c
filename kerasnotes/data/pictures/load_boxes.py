"""From the name that a user gives to pictures with boxes."""

import pathlib

from kerasnotes import errors
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
    masks=False,
    **of_masks,
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
        masks: whether objects have masks: those of `many_digits`, outlines
            and run lengths of COCO and LabelMe, and the regions of a folder
            of pictures with masks of classes (`object_masks.of_regions`).
        **of_masks: of such a folder, see `load_masks.load`.

    Returns:
        The `BoxExamples`.

    Raises:
        UserError: there is no such set, it can't be read, or it has no masks
            where these are asked for.

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
        return digit_scenes.read(
            builder, data_dir=data_dir, masks=masks, **arguments
        )
    path = pathlib.Path(dataset).expanduser()
    if path.exists():
        arguments["size"] = image_size or 256
        return _read(path, arguments, masks, of_masks)
    built_in.refuse_path(dataset)
    if masks:
        raise errors.UserError(
            f"--dataset={dataset}: TFDS's boxes have no masks; give a folder "
            "or zip of COCO or LabelMe outlines, or of pictures with masks"
        )
    from kerasnotes.data.pictures.readers.boxes import tfds

    return tfds.read(dataset, data_dir, **arguments)


def _read(path, arguments, masks, of_masks):
    """Return the `BoxExamples` of files."""
    from kerasnotes.data.pictures.readers.boxes import read

    if masks and not read.has_shapes(path):
        from kerasnotes.data.pictures import object_masks
        from kerasnotes.data.pictures.readers.masks import read as mask_read

        examples = mask_read.read(path, **arguments, **of_masks)
        return object_masks.of_regions(examples)
    return read.read(path, masks=masks, **arguments)
