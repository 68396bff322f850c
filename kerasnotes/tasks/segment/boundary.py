"""The weights of pixels at boundaries, from flags to the loss."""

import keras

from kerasnotes import errors, metrics
from kerasnotes.data.pictures import mask_gaps


def arguments(config):
    """Return what flags say of them, as arguments of the loss.

    Args:
        config: the `Config`.
    """
    weight, said = config.boundary_weight, config.boundary_arguments()
    if "sigma" in said:
        return {"separation_weight": weight}
    return {"boundary_weight": weight, "boundary_width": said["width"]}


def gaps(config, examples):
    """Return the `mask_gaps.Gaps` of the examples, or None.

    Args:
        config: the `Config`.
        examples: the `MaskExamples`.

    Raises:
        UserError: a class of things is none of theirs.
    """
    said, names = config.boundary_arguments(), examples.class_names
    if "sigma" not in said:
        return None
    for name in said["things"] or ():
        if name not in names:
            raise errors.unknown(f"--boundary={config.boundary}", name, names)
    things = said["things"] and [names.index(name) for name in said["things"]]
    return mask_gaps.Gaps(examples.labels, said["sigma"], things)


@keras.saving.register_keras_serializable("kerasnotes")
class OfLabels(metrics.SegmentationMetrics):
    """Those of targets that have how close things are beside the labels."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the counts."""
        super().update_state(y_true[..., 0], y_pred, sample_weight)
