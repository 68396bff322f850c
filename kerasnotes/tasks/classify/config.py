"""The flags of the classifier."""

import dataclasses

from etils import epy

from kerasnotes import errors, flag_paths, specs
from kerasnotes.tasks import pictures
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    from kerasnotes.tasks.classify import decision

option, setting = config_lib.option, config_lib.setting

# What is asked of one command, and the modes that answer.
_MODES = {
    "ten_crop": ("evaluate",),
    "ensemble": ("evaluate", "export"),
    "sliding_window": ("predict", "export"),
}


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config):
    """The flags of the classifier."""

    dataset: str = option(
        "digits",
        "Data set: digits, a TFDS name, a folder or zip of class folders, "
        "or a folder of IDX files.",
        path=pictures.absolute,
    )
    class_weight: str = option(
        "none",
        "Class weights in the loss and in weighted_accuracy: none, "
        "balanced, or CLASS=weight,….",
    )
    label_smoothing: float = option(
        0.0,
        "Label smoothing: the share of a label that is spread over all "
        "classes.",
        bounds=(0, 1),
    )
    corrections: str | None = option(
        None,
        "CSV of id,label: corrected labels of train, dev and test; "
        "trainers.analyze --mode=labels writes one.",
        path=flag_paths.absolute,
    )
    threshold: str | None = option(
        None,
        "Decision threshold on the probability of the second class "
        "(two-class sets); auto: maximises --optimize under --satisfy on "
        "dev. The best epoch is selected at 0.5.",
    )
    calibrate: bool = setting(
        False,
        "Temperature scaling: serve probabilities at the temperature "
        "fitted on dev.",
        shown=True,
    )
    ten_crop: bool = setting(
        False,
        "--mode=evaluate: average over ten crops (corners, centre, "
        "mirrored), beside the model alone.",
    )
    ensemble: str | None = setting(
        None,
        "--mode=evaluate or export: ensemble with these runs, as RUN,RUN: "
        "beside each alone, or as one SavedModel.",
    )
    sliding_window: bool = setting(
        False,
        "--mode=predict or export: classify every window of each picture, "
        "keep the best, and draw them in RUN_DIR/sliding; or serve them.",
    )
    scales: str = setting(
        "1,0.7,0.5",
        "--sliding_window: scales of the picture; smaller ones detect larger "
        "objects.",
    )
    background_classes: str | None = setting(
        None,
        "--sliding_window: classes that are no object, as 'none,road'; "
        "windows of them are dropped.",
    )
    score_threshold: float = setting(
        0.6,
        "--sliding_window: windows are kept above this probability.",
        bounds=(0, 0.999),
    )
    iou_threshold: float = setting(
        0.3,
        "--sliding_window: of windows of a class that overlap by this IoU or "
        "more, the best is kept.",
        bounds=(1e-3, 1),
    )

    def check(self):
        """Refuses also a threshold that is no probability, and the like.

        Raises:
            UserError: see above.
        """
        super().check()
        self.window_scales()
        for name, modes in _MODES.items():
            if getattr(self, name) and self.mode not in modes:
                raise errors.UserError(
                    f"--{name}: is for --mode={' or '.join(modes)}. Received: "
                    f"--mode={self.mode}"
                )
        if self.ten_crop and self.ensemble:
            raise errors.UserError(
                "--ten_crop, --ensemble: one at a time; leave one of them out"
            )
        if self.threshold == "auto" and "loss" in self.selection().weights:
            raise errors.UserError(
                "--threshold=auto: no threshold changes the loss; give what "
                "it is to be best for, as --optimize=f1"
            )
        fixed = decision.fixed_threshold(self.threshold)
        if fixed and self.calibrate:
            raise errors.UserError(
                f"--threshold={self.threshold}: cuts probabilities as trained, "
                "which --calibrate moves; give --threshold=auto, or leave one "
                "of the two out"
            )

    def window_scales(self):
        """Return the sizes of a picture that `--sliding_window` reads.

        Raises:
            UserError: something else than numbers from 0.01 to 10, or one
                twice.

        >>> Config(run_dir="run").window_scales()
        [1.0, 0.7, 0.5]
        """
        sizes = specs.numbers("--scales", self.scales, float)
        if (
            not sizes
            or not all(0.01 <= scale <= 10 for scale in sizes)
            or len({*sizes}) < len(sizes)
        ):
            raise errors.UserError(
                f"--scales={self.scales}: numbers from 0.01 to 10 with commas "
                "between, each once, please: --scales=1,0.5"
            )
        return sizes
