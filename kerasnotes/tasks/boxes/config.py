"""The flags that every task on pictures with boxes shares."""

import dataclasses
import functools

from kerasnotes import flag_paths
from kerasnotes.tasks import pictures
from kerasnotes.training.run import config as config_lib

option = config_lib.option

# `load_boxes.BUILT_IN`, slow to import.
BUILT_IN = ("one_digit", "many_digits")


def dataset(default):
    """Return the field of a box task's `dataset`.

    Args:
        default: one of `BUILT_IN`.
    """
    return option(
        default,
        "Data set: one_digit, many_digits, a TFDS set of objects with a "
        "bbox (voc, coco, kitti), or a folder or zip of Pascal VOC, COCO, "
        "YOLO, LabelMe or CSV annotations.",
        path=functools.partial(flag_paths.absolute, names=BUILT_IN),
    )


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config):
    """The flags of a task on pictures with boxes."""

    image_size: int | None = option(
        None,
        "Input size: the side of the model's picture; default that of the "
        "built-in scenes, and 256 for other sets.",
        bounds=(1, 4096),
    )
    classes: str | None = option(
        None,
        "Classes to find, as 'cat,dog'; objects of others are background. "
        "Default all.",
    )
    augment: str = option(
        "light:rotate=0",
        "Augmentation policy: none, light, standard or strong[:shift=…], or "
        "a JSON file of such values; boxes and landmarks move along. A turned "
        "box is the box around it, which is looser.",
        path=functools.partial(flag_paths.absolute, names=pictures.POLICIES),
    )
    optimize: str = config_lib.redefault("optimize", "iou")
