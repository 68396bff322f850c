"""The flags of segmentation."""

import dataclasses
import functools

from kerasnotes import catalog, errors, flag_paths, specs
from kerasnotes.tasks import pictures
from kerasnotes.tasks.pictures import mask_files
from kerasnotes.training.run import config as config_lib

option, setting = config_lib.option, config_lib.setting
redefault = config_lib.redefault
# `load_masks.BUILT_IN`, slow to import.
BUILT_IN = ("digit_masks",)
UNET = "unet"
_TRUNKS = tuple(n for n in pictures.MODELS if not catalog.model(n).flat)
_OF_TRUNKS = ("weights", "hidden", "width", "input_dropout", "batch_norm")
_LOSSES = (
    *("cross_entropy", "focal", "dice"),
    *("cross_entropy+dice", "focal+dice"),
)


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config, mask_files.MaskFiles):
    """The flags of segmentation."""

    dataset: str = option(
        "digit_masks",
        "Data set: digit_masks, a TFDS set with a segmentation_mask, as "
        "oxford_iiit_pet, or a folder or zip of pictures with masks: x.jpg "
        "and x_mask.png, or images/x.jpg and masks/x.png.",
        path=functools.partial(flag_paths.absolute, names=BUILT_IN),
    )
    image_size: int | None = option(
        None,
        "Side that pictures and masks are brought to; default their own "
        "size, where all have one.",
        bounds=(1, 16384),
    )
    crop_size: int | None = option(
        None,
        "Side of the windows that it learns from, at the resolution of the "
        "pictures; answers are blended of overlapping tiles of that side. "
        "Default whole pictures.",
        bounds=(8, 4096),
    )
    rare_crops: float = option(
        0.5,
        "Share of the windows of --crop_size that are about a pixel of a "
        "class that isn't the most frequent.",
        bounds=(0, 1),
    )
    resize: str = option(
        "stretch",
        "How a picture is brought to the input size.",
        choices=("stretch", "pad"),
    )
    augment: str = option(
        "light:rotate=0,shift=0,scale=0",
        "Augmentation policy: none, light, standard or strong[:flip=true,"
        "warp=0.01,…], or a JSON file of such values; masks move along.",
        path=functools.partial(flag_paths.absolute, names=pictures.POLICIES),
    )
    batch_size: int = redefault("batch_size", 32)
    epochs: int = redefault("epochs", 8)
    learning_rate: float = redefault("learning_rate", 1e-2)
    lr_schedule: str = redefault("lr_schedule", "cosine")
    optimize: str = redefault("optimize", "mean_iou")
    model: str = option(
        UNET,
        "unet, or the network that is the way down of a U-Net, as resnet18.",
        choices=(UNET, *_TRUNKS),
    )
    filters: str = option(
        "8,16,32",
        "Channels of each level of the U-Net, the finest first; beside "
        "another network, of the way up.",
    )
    upsampling: str = option(
        "transposed",
        "How maps grow: transposed convolution or bilinear interpolation.",
        choices=("transposed", "bilinear"),
    )
    padding: str = option(
        "same",
        "Convolutions of the U-Net: same, or valid, as in the paper, which "
        "sees what is around a picture or a window, mirrored at the border, "
        "in place of zeros.",
        choices=("same", "valid"),
    )
    normalization: str = option(
        "batch",
        "Normalization before each activation of the U-Net.",
        choices=("batch", "group", "none"),
    )
    pixel_loss: str = option(
        "cross_entropy", "Loss, or the sum of two.", choices=_LOSSES
    )
    boundary_weight: float = option(
        0.0,
        "What pixels of --boundary weigh more in cross-entropy and focal "
        "loss; 10 in the paper.",
        bounds=(0, 1000),
    )
    boundary: str = option(
        "edges",
        "What --boundary_weight is of: edges[:width=1], pixels next to "
        "another class, on each side; or gaps[:sigma=5,things=car+bus], as "
        "in the paper, what parts two things (regions of these classes; "
        "default any but the first), in pixels.",
    )
    class_weight: str = option(
        "none",
        "Weights of the classes in the loss: none; auto (1 over the root of "
        "a class's share of the pixels); or CLASS=weight,….",
    )
    threshold: str = option(
        "auto",
        "Of two classes, the probability from which on a pixel is of the "
        "second: a number, or auto: that of its best IoU on dev.",
    )

    def check(self):
        """Refuses also filters and a threshold that are none.

        Raises:
            UserError: see above; or a flag is of other networks than a U-Net
                of its own.
        """
        super().check()
        specs.numbers("--filters", self.filters)
        self.fixed_threshold()
        self._check_boundary()
        if self.padding == "valid" and self.model != UNET:
            raise errors.UserError(
                f"--padding=valid: is of --model=unet; {self.model} as the way "
                "down has zeros around pictures: leave it out"
            )
        for name in _OF_TRUNKS if self.model == UNET else ():
            value = getattr(self, name)
            if value not in (None, "none"):
                raise errors.UserError(
                    f"--{name}={value}: is of a network that is the way down; "
                    "--model=unet has none: give --model=resnet18 or alike"
                )

    def _check_boundary(self):
        """Refuse a boundary that isn't, or has no weight, or no loss."""
        self.boundary_arguments()
        if self.boundary != "edges" and not self.boundary_weight:
            raise errors.UserError(
                f"--boundary={self.boundary}: goes with --boundary_weight=10 "
                "or alike, which says how much it counts"
            )
        if self.boundary_weight and self.pixel_loss == "dice":
            raise errors.UserError(
                f"--boundary_weight={self.boundary_weight:g}: is of "
                "cross-entropy and focal loss; give "
                "--pixel_loss=cross_entropy+dice"
            )

    def boundary_arguments(self):
        """Return what --boundary says.

        A dictionary of `width` in pixels; or of `sigma`, and `things`, the
        names of classes or None.

        Raises:
            UserError: it is neither edges nor gaps, or a number doesn't fit.
        """
        return specs.call(
            "--boundary", self.boundary, {"edges": _edges, "gaps": _gaps}
        )

    def fixed_threshold(self):
        """Return the threshold that the flag names, or None for auto.

        Raises:
            UserError: it is no probability.
        """
        if self.threshold == "auto":
            return None
        try:
            value = float(self.threshold)
        except ValueError:
            value = 0.0
        if not 0 < value < 1:
            raise errors.UserError(
                f"--threshold={self.threshold}: give a probability between 0 "
                "and 1, as 0.4, or auto"
            )
        return value


def _edges(width=1):
    if not isinstance(width, int) or not 1 <= width <= 64:
        raise ValueError(f"width is between 1 and 64 pixels, not {width!r}")
    return {"width": width}


def _gaps(sigma=5.0, things=None):
    if isinstance(sigma, bool | str | None) or not 0.5 <= sigma <= 100:
        raise ValueError(f"sigma is between 0.5 and 100 pixels, not {sigma!r}")
    names = None if things is None else str(things).split("+")
    return {"sigma": float(sigma), "things": names}
