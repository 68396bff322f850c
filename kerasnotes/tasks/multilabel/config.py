"""The flags of a classifier of several labels."""

import dataclasses
import functools

from kerasnotes import errors, flag_paths
from kerasnotes.tasks import pictures
from kerasnotes.training.run import config as config_lib

option = config_lib.option
_OF_A_LABEL = ("accuracy", "error", "f1", "precision", "recall")


@dataclasses.dataclass(frozen=True)
class Config(pictures.Config):
    """The flags of a classifier of several labels."""

    dataset: str = option(
        "scenes",
        "Data set: scenes, or a folder of pictures with labels.csv: a "
        "column file, and one per label of 1, 0, or blank if unknown.",
        path=functools.partial(flag_paths.absolute, names=("scenes",)),
    )
    epochs: int = config_lib.redefault("epochs", 30)
    model: str = option(
        "lenet5_teaching", "Model architecture.", choices=pictures.MODELS
    )
    threshold: str | None = option(
        None,
        "Decision thresholds: auto, for each label the one that maximises "
        "--optimize on dev; default 0.5 for all.",
        choices=("auto",),
    )

    def check(self):
        """Refuses also a metric that no label has by itself.

        Raises:
            UserError: see above.
        """
        super().check()
        if self.threshold and self.optimize not in _OF_A_LABEL:
            raise errors.UserError(
                f"--threshold=auto: --optimize={self.optimize} isn't a metric "
                f"of one label; give one of {', '.join(_OF_A_LABEL)}"
            )
