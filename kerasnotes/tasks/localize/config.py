"""The flags of localisation."""

import dataclasses

from kerasnotes import errors
from kerasnotes.tasks import boxes, pictures
from kerasnotes.tasks.boxes import config as box_config
from kerasnotes.training.run import config as config_lib

option = config_lib.option
_BOX_LOSSES = ("squared", "huber", "iou", "giou", "ciou")


@dataclasses.dataclass(frozen=True)
class Config(boxes.Config):
    """The flags of localisation."""

    dataset: str = box_config.dataset("one_digit")
    epochs: int = config_lib.redefault("epochs", 16)
    learning_rate: float = config_lib.redefault("learning_rate", 1e-2)
    warmup_epochs: float = config_lib.redefault("warmup_epochs", 1.0)
    model: str = option("darknet_small", "Backbone.", choices=pictures.MODELS)
    head: str | None = option(
        None,
        "attention: a heat map says where the object is, and the head looks "
        "there; flat: it has weights for each place. Default the first, where "
        "the backbone ends in maps.",
        choices=("attention", "flat"),
    )
    head_units: int = option(
        128, "Units of the head's hidden layer.", bounds=(1, 10**5)
    )
    landmark_head: str = option(
        "coordinates",
        "Landmarks as coordinates of a dense layer, which may lie outside of "
        "the picture, or as heat maps with soft-argmax.",
        choices=("heat_maps", "coordinates"),
    )
    objective: str = option(
        "likelihood",
        "likelihood: logistic loss of p_c, --box_loss, softmax of the class; "
        "squared: the squared error of the whole vector.",
        choices=("likelihood", "squared"),
    )
    box_loss: str = option(
        "ciou",
        "Loss of the box in --objective=likelihood.",
        choices=_BOX_LOSSES,
    )
    box_weight: float = option(
        2.0, "Weight of the box in --objective=likelihood.", bounds=(0, 1e6)
    )
    landmark_weight: float = option(
        4.0,
        "Weight of the landmarks in --objective=likelihood.",
        bounds=(0, 1e6),
    )
    match_iou: float = option(
        0.5, "Least IoU with the true box of a right answer.", bounds=(1e-3, 1)
    )
    threshold: str | None = option(
        None,
        "Probability above which there is an object; auto: the one with the "
        "fewest wrong pictures on dev; default 0.5.",
    )

    def check(self):
        """Refuses also a threshold that is no probability.

        Raises:
            UserError: see above.
        """
        super().check()
        self.fixed_threshold()

    def fixed_threshold(self):
        """Return the threshold that the flag names; 0.5 for none and auto."""
        if self.threshold in (None, "auto"):
            return 0.5
        try:
            value = float(self.threshold)
        except ValueError:
            value = 0.0
        if not 0 < value < 1:
            raise errors.UserError(
                f"--threshold={self.threshold}: give a probability between 0 "
                "and 1, as 0.3, or auto"
            )
        return value
