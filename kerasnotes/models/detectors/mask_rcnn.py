"""A network of two stages that says of each box which pixels are the object."""

import keras

from kerasnotes.layers import (
    mask_head,
    region_detections,
    regions,
)
from kerasnotes.layers import mask_regions as mask_regions_lib
from kerasnotes.models.detectors import region_head, two_stages
from kerasnotes.optimizers import initializers

POOL = 14
"""Places a side of what the mask head looks at, half of a mask's."""


@keras.saving.register_keras_serializable("kerasnotes")
class MaskRCNN(two_stages.TwoStages):
    """Mask R-CNN: `FasterRCNN` with a third head, of masks.

    The boxes that the second stage leaves, after non-max suppression
    (`layers.RegionDetections`), are cut out of the finest map once more, 14×14
    places of each, and `layers.MaskHead` makes 28×28 logits of them, of the
    box's label alone. `ops.paste_masks` puts these back into the picture.

    `training_model` has masks of `mask_regions` regions that have an object,
    true boxes first (`layers.MaskRegions`), which `losses.MaskLoss` compares
    with the objects' pixels. All three heads learn at once. The arguments
    that aren't here are those of `FasterRCNN`, and weights of equal names fit.

    Args:
        backbone: a `Network` without its top that ends in maps, as in
            `FasterRCNN`, like all down to `filters`.
        classes: the number of classes, the background apart.
        anchors: for each stride a tuple of `(width, height)` in pixels.
        strides: pixels between two cells, one for each grid.
        filters: channels of the maps that the heads read.
        proposals: regions of a picture.
        hidden: units of each of the second stage's hidden layers.
        mask_filters: channels of the mask head.
        mask_regions: regions of a picture from which masks are learned.
        detections: k, how many boxes of a picture have a mask at most.
        score_threshold: boxes with this score or less are dropped.
        iou_threshold: of two with this IoU or more the better stays.
        per_class: whether boxes of different classes may overlap.
        dropout: rate of hidden units that dropout drops.
        prior: of an object at an anchor, before training.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the heads' kernels.
        name: the model's name.
        dtype: the heads' dtype policy, or its name; None for the global one.

    Attributes:
        grids: the `ops.Grids` of the anchors.

    Call arguments:
        inputs: pictures float32 0–255, `(batch, *input_shape)`.

    Returns:
        A dictionary: `anchors` and `regions`, as of `FasterRCNN`; `masks`,
        `(batch, k, 6 + 28 · 28)`, the best first: the box as `xyxy` in pixels,
        its label, its score, the logits of its mask, row by row. Padding has
        the box 0, the label -1 and the score 0. `boxes` of `training_model`
        are `(batch, m, 5)`, with the label last, and its `masks` have the
        score 1.

    Raises:
        ValueError: an argument is none of these, or the backbone has no maps
            of a stride.

    Source: He et al., Mask R-CNN (2017).

    >>> from kerasnotes import models
    >>> trunk = models.DarknetSmall((64, 96, 3), include_top=False, width=0.25)
    >>> model = models.MaskRCNN(
    ...     trunk, 20, (((10, 14), (20, 30)),), (8,), proposals=30)
    >>> model.output["regions"].shape, model.output["masks"].shape
    ((None, 30, 105), (None, 30, 790))
    """

    true_columns = 5

    def __init__(
        self,
        backbone,
        classes,
        anchors,
        strides=(8,),
        filters=64,
        proposals=100,
        hidden=256,
        mask_filters=32,
        mask_regions=16,
        detections=30,
        score_threshold=0.05,
        iou_threshold=0.5,
        per_class=True,
        dropout=0.0,
        prior=0.01,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        region_head.check(
            mask_filters=mask_filters,
            mask_regions=mask_regions,
            detections=detections,
        )
        config = {
            "backbone": backbone,
            "classes": classes,
            "anchors": anchors,
            "strides": strides,
            "filters": filters,
            "proposals": proposals,
            "hidden": hidden,
            "mask_filters": mask_filters,
            "mask_regions": mask_regions,
            "detections": detections,
            "score_threshold": score_threshold,
            "iou_threshold": iou_threshold,
            "per_class": per_class,
            "dropout": dropout,
            "prior": prior,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        super().__init__(config, name, dtype)

    def further_outputs(self, stages):
        """Return masks of the boxes that are left."""
        config, dtype = stages.config, stages.layers.dtype
        align = regions.RoIAlign(
            POOL, stages.stride, dtype=dtype, name="mask_align"
        )
        head = mask_head.MaskHead(
            config["classes"],
            config["mask_filters"],
            kernel_initializer=initializers.get(config["initializer"]),
            kernel_regularizer=config["kernel_regularizer"],
            dtype=dtype,
            name="mask_head",
        )
        rows = keras.layers.Concatenate(
            dtype=dtype.variable_dtype, name="masks"
        )
        left = region_detections.RegionDetections(
            config["classes"],
            stages.grids.image_shape,
            config["detections"],
            config["score_threshold"],
            config["iou_threshold"],
            config["per_class"],
            name="detections",
        )(stages.outputs["regions"])
        return {"masks": _masks(align, head, rows, stages.maps, left)}

    def further_training_outputs(self, maps, proposals, truth):
        """Return masks of regions that have an object."""
        chosen = mask_regions_lib.MaskRegions(
            self._config["mask_regions"], name="mask_regions"
        )(proposals, truth)
        ones = keras.ops.ones_like(chosen[..., :1])
        chosen = keras.ops.concatenate([chosen, ones], axis=-1)
        layers = map(self.get_layer, ("mask_align", "mask_head", "masks"))
        return {"masks": _masks(*layers, maps, chosen)}


def _masks(align, head, rows, maps, boxes):
    """Return rows of a box, its label, its score and its mask.

    Args:
        align: the `layers.RoIAlign` of the masks.
        head: the `layers.MaskHead`.
        rows: a layer that concatenates.
        maps: what regions are cut out of.
        boxes: `(batch, k, 6)`, all but the masks.
    """
    logits = head(align(maps, boxes[..., :4]), boxes[..., 4])
    k = boxes.shape[1]
    flat = keras.ops.reshape(logits, (-1, k, 4 * POOL**2))
    return rows([boxes, flat])
