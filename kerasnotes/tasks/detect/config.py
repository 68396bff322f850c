"""The flags of detection."""

import dataclasses
import re

from kerasnotes import catalog, errors, flag_paths, specs
from kerasnotes.tasks import boxes, pictures
from kerasnotes.tasks.boxes import config as box_config
from kerasnotes.tasks.pictures import mask_files
from kerasnotes.training.run import config as config_lib

option, setting = config_lib.option, config_lib.setting
redefault = config_lib.redefault

DETECTORS = ("yolo", "faster_rcnn", "mask_rcnn", "fast_rcnn", "rcnn")
"""The kinds of detectors, the fastest first."""

_OF_DETECTORS = {
    "anchors": ("yolo", "faster_rcnn", "mask_rcnn"),
    "head_filters": ("yolo", "faster_rcnn", "mask_rcnn", "fast_rcnn"),
    "box_loss": ("yolo",),
    "box_weight": ("yolo",),
    "proposals": ("faster_rcnn", "mask_rcnn", "fast_rcnn", "rcnn"),
    "mosaic": ("yolo", "faster_rcnn", "fast_rcnn", "rcnn"),
    "proposals_dir": ("fast_rcnn", "rcnn"),
    "crop_size": ("rcnn",),
    **dict.fromkeys(
        ("image_folder", "mask_folder", "mask_threshold"), ("mask_rcnn",)
    ),
}
_ANCHOR = re.compile(r"(\d+(?:\.\d+)?)[x×](\d+(?:\.\d+)?)")


@dataclasses.dataclass(frozen=True)
class Config(boxes.Config, mask_files.MaskFiles):
    """The flags of detection."""

    dataset: str = box_config.dataset("many_digits")
    batch_size: int = redefault("batch_size", 16)
    epochs: int = redefault("epochs", 16)
    learning_rate: float = redefault("learning_rate", 1e-2)
    warmup_epochs: float = redefault("warmup_epochs", 1.0)
    augment: str = redefault(
        "augment", "light:rotate=0,shift=0.05", of=boxes.Config
    )
    optimize: str = redefault("optimize", "loss")
    model: str = option(
        "darknet_small",
        "Backbone.",
        choices=tuple(n for n in pictures.MODELS if not catalog.model(n).flat),
    )
    detector: str = option(
        "yolo",
        "Kind of detector on the backbone: yolo answers in one pass; "
        "faster_rcnn proposes regions, then looks at each; mask_rcnn answers "
        "the pixels of each object too, and learns from masks; fast_rcnn and "
        "rcnn look at regions that a segmentation proposes, on one map or "
        "each as a picture of its own.",
        choices=DETECTORS,
    )
    format: str = setting(
        "table",
        "Output format of --mode=predict; coco also writes COCO's results "
        "to RUN_DIR/predictions/coco.json.",
        choices=("table", "json", "csv", "coco"),
    )
    strides: str = option(
        "8",
        "Pixels between two cells of each grid, as '8,16,32'; the backbone "
        "has maps of each.",
    )
    anchors: str = option(
        "4",
        "Anchors: how many, by k-means on the IoU of shapes; or the width "
        "and height of each in pixels of the input, as '10x13,16x30'. The "
        "smallest go to the finest grid.",
    )
    head_filters: int = option(
        64, "Channels of the maps that the heads read.", bounds=(1, 10**4)
    )
    proposals: int | None = option(
        None,
        "Regions of a picture at most; default 300 for rcnn and fast_rcnn, "
        "else 100.",
        bounds=(1, 10**4),
    )
    proposals_dir: str | None = setting(
        None,
        "Folder where proposals of pictures are kept for runs to come; "
        "default in Keras' own, ~/.keras.",
        path=flag_paths.anywhere,
    )
    crop_size: int | None = option(
        None,
        "Side at which rcnn looks at a region; default 48.",
        bounds=(8, 1024),
    )
    box_loss: str = option(
        "ciou",
        "Loss of yolo's box: 1 less CIoU or GIoU, or the notes' squared "
        "differences.",
        choices=("ciou", "giou", "squared"),
    )
    box_weight: float = option(
        10.0, "Weight of the box in the loss.", bounds=(0, 1e6)
    )
    mosaic: float = option(
        0.0,
        "Share of the training pictures that become mosaics of four; none "
        "in the last 15 % of the epochs.",
        bounds=(0, 1),
    )
    threshold: str = option(
        "auto",
        "Score above which a box is answered, the notes' p_c · c: a number, "
        "as 0.6; auto: of the best F1 on dev; precision=0.9: of the highest "
        "recall on dev that keeps the precision.",
    )
    score_threshold: float = setting(
        0.005,
        "Score above which a box counts for AP; the lower, the longer it "
        "takes.",
        bounds=(0, 0.999),
        shown=True,
    )
    iou_threshold: float = option(
        0.5,
        "Non-max suppression: the IoU with a better box from which on a box "
        "is dropped.",
        bounds=(1e-3, 1),
    )
    suppression: str = option(
        "per_class",
        "Boxes that suppress one another: those of a class, or all (agnostic).",
        choices=("per_class", "agnostic"),
    )
    max_detections: int = option(
        100, "Boxes answered for a picture at most.", bounds=(1, 1000)
    )

    def check(self):
        """Refuses also strides, anchors and a threshold that are none.

        Raises:
            UserError: see above.
        """
        super().check()
        self._check_detector()
        self.grid_strides()
        self.anchor_sizes()
        self.fixed_threshold()

    def _check_detector(self):
        """Refuses flags that the kind of detector has no use for."""
        defaults = type(self)()
        for name, kinds in _OF_DETECTORS.items():
            value = getattr(self, name)
            if self.detector not in kinds and value != getattr(defaults, name):
                raise errors.UserError(
                    f"--{name}={value}: is for --detector="
                    f"{' or '.join(kinds)}; leave it out with "
                    f"--detector={self.detector}"
                )
        if self.detector == "fast_rcnn" and len(self.grid_strides()) > 1:
            raise errors.UserError(
                f"--strides={self.strides}: --detector=fast_rcnn pools one "
                "map; give one stride"
            )

    def regions(self):
        """Return how many regions a picture has at most."""
        default = 300 if self.detector in ("rcnn", "fast_rcnn") else 100
        return self.proposals or default

    def grid_strides(self):
        """Return the strides, the finest first.

        Raises:
            UserError: they are no rising positive numbers.
        """
        strides = specs.numbers("--strides", self.strides)
        if not strides or min(strides) < 1 or len({*strides}) < len(strides):
            raise errors.UserError(
                f"--strides={self.strides}: give positive numbers of pixels, "
                "each once, as 8,16,32"
            )
        return tuple(sorted(strides))

    def anchor_sizes(self):
        """Return the anchors given by hand, or the number of them.

        Raises:
            UserError: they can't be read, or are fewer than the strides.
        """
        text = self.anchors.strip()
        if text.isdecimal():
            count = value = int(text)
        else:
            matches = [
                _ANCHOR.fullmatch(part.strip()) for part in text.split(",")
            ]
            value = [m and tuple(map(float, m.groups())) for m in matches]
            count = len(value)
            if not all(v and min(v) > 0 for v in value):
                raise errors.UserError(
                    f"--anchors={self.anchors}: give their number, or the "
                    "width and height of each, as 10x13,16x30"
                )
        strides = len(self.grid_strides())
        if not strides <= count <= 100:
            raise errors.UserError(
                f"--anchors={self.anchors}: give {strides} to 100, for each "
                f"of --strides={self.strides} has one at least"
            )
        return value

    def fixed_threshold(self):
        """Return the threshold that the flag names, or None.

        Raises:
            UserError: it is neither a score nor a rule for one.
        """
        if self.precision_asked() is not None or self.threshold == "auto":
            return None
        value = _number(self.threshold)
        if value is None:
            raise errors.UserError(
                f"--threshold={self.threshold}: give a score between 0 and "
                "1, as 0.6, auto, or precision=0.9"
            )
        return value

    def precision_asked(self):
        """Return the precision that `--threshold` is to keep, or None."""
        name, equals, value = self.threshold.partition("=")
        return _number(value) if equals and name == "precision" else None


def _number(text):
    """Return a number between 0 and 1, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 1 else None
