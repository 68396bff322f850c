"""Networks that say what is in regions proposed by others."""

import warnings

import keras

from kerasnotes import errors
from kerasnotes.layers import regions
from kerasnotes.models import network
from kerasnotes.models.detectors import heads, region_head
from kerasnotes.models.pictures import convolution
from kerasnotes.ops import grids as grids_lib

POOL = 7
"""Places a side of what is pooled of a region."""


@keras.saving.register_keras_serializable("kerasnotes")
class FastRCNN(network.Network):
    """Fast R-CNN: one pass of the backbone for all regions of a picture.

    The backbone's maps at the stride and coarser meet from the top down
    (`pyramid.top_down`); `layers.RoIPooling` makes 7×7 places of each region;
    then two hidden layers give logits and, for each class, deltas of its own,
    as in `FasterRCNN`. `losses.RegionLoss` compares them with the truth.

    Args:
        backbone: a `Network` without its top that ends in maps. Its layers
            become layers of this model.
        classes: the number of classes, the background apart.
        stride: pixels between two places of the map that is pooled, one of
            the backbone's.
        proposals: regions of a picture; None for any number.
        filters: channels of that map.
        hidden: units of each of the two hidden layers.
        dropout: rate of these that dropout drops.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the head's kernels.
        name: the model's name.
        dtype: the head's dtype policy, or its name; None for the global one.

    Call arguments:
        inputs: a dictionary of `pixels`, float32 0–255, `(batch,
            *input_shape)`, and `boxes`, `xyxy` in pixels, `(batch, proposals,
            4)`, those without area being padding.

    Returns:
        `(batch, proposals, 4 + 1 + classes + 4 · classes)`: the region, logits
        with the background first, deltas of each class.
        `ops.region_answers` makes boxes of them.

    Raises:
        ValueError: an argument is none of these, or the backbone has no map
            of the stride.

    Source: Girshick, Fast R-CNN (2015).

    >>> from kerasnotes import models
    >>> trunk = models.DarknetSmall((64, 96, 3), include_top=False, width=0.25)
    >>> models.FastRCNN(trunk, 20, stride=8, proposals=30).output_shape
    (None, 30, 105)
    """

    def __init__(
        self,
        backbone,
        classes,
        stride=8,
        proposals=None,
        filters=64,
        hidden=256,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        region_head.check(hidden=hidden, classes=classes)
        config = {
            "backbone": backbone,
            "classes": classes,
            "stride": stride,
            "proposals": proposals,
            "filters": filters,
            "hidden": hidden,
            "dropout": dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        layers = convolution.Convolution(
            *(initializer, kernel_regularizer, 1.0, True),
            dtype=network.policy(dtype),
        )
        # Anchors play no part.
        grids = grids_lib.Grids(
            backbone.input_shape[1:3], (stride,), (((stride, stride),),), 1
        )
        (maps,) = heads.grid_maps(backbone, grids, filters, layers)
        boxes = keras.Input((proposals, 4), name="boxes")
        x = regions.RoIPooling(
            POOL, stride, dtype=layers.dtype, name="roi_pooling"
        )(maps, boxes)
        outputs = region_head.answer(x, boxes, layers, config)
        blocks = [*backbone.blocks, network.name_of(maps), *region_head.BLOCKS]
        with warnings.catch_warnings():
            # The backbone's input has a name of its own.
            warnings.filterwarnings("ignore", "When providing `inputs`")
            super().__init__(
                {"pixels": backbone.input, "boxes": boxes},
                *(outputs, config, name, layers.dtype, blocks),
            )


@keras.saving.register_keras_serializable("kerasnotes")
class RCNN(network.Network):
    """R-CNN: a network sees each proposed region as a picture of its own.

    Each region, with `context` around it, is sampled at the backbone's size
    (`layers.RoIAlign` on the picture: bilinear), whatever its shape; the
    backbone's features then go through the head of `FastRCNN`. Its arguments
    but for these are as there, and so are its inputs and outputs.

    The paper trains the network on classes, then a support vector machine for
    each, then the boxes; here, as in Fast R-CNN, one network learns both at
    once.

    Args:
        backbone: a `Network` without its top, whose input is one region.
        classes: the number of classes, the background apart.
        input_shape: height, width and channels of a picture.
        proposals: regions of a picture; None for any number.
        context: by how much a region's sides are longer when it is looked
            at.
        hidden: units of each of the two hidden layers.
        dropout: rate of these that dropout drops.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the head's kernels.
        name: the model's name.
        dtype: the head's dtype policy, or its name; None for the global one.

    Source: Girshick et al., Rich feature hierarchies for accurate object
    detection and semantic segmentation (2014).

    >>> from kerasnotes import models
    >>> trunk = models.DarknetSmall((48, 48, 3), include_top=False, width=0.25)
    >>> models.RCNN(trunk, 20, (240, 320, 3), proposals=30).output_shape
    (None, 30, 105)
    """

    def __init__(
        self,
        backbone,
        classes,
        input_shape,
        proposals=None,
        context=1.2,
        hidden=256,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        region_head.check(hidden=hidden, classes=classes)
        if context < 1:
            raise errors.ArgumentError(
                "context", f"`context` must be 1 or more. Received: {context}"
            )
        config = {
            "backbone": backbone,
            "classes": classes,
            "input_shape": tuple(input_shape),
            "proposals": proposals,
            "context": context,
            "hidden": hidden,
            "dropout": dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        layers = convolution.Convolution(
            initializer, kernel_regularizer, dtype=network.policy(dtype)
        )
        pixels = keras.Input(tuple(input_shape), name="pixels")
        boxes = keras.Input((proposals, 4), name="boxes")
        size = backbone.input_shape[1:3]
        x = regions.RoIAlign(size, 1, dtype="float32", name="crops")(
            pixels, _enlarged(boxes, context)
        )
        # Of all pictures the regions are one batch.
        x = keras.ops.reshape(x, (-1, *backbone.input_shape[1:]))
        x = OfRegions(dtype=layers.dtype, name="of_regions")(backbone(x), boxes)
        super().__init__(
            {"pixels": pixels, "boxes": boxes},
            region_head.answer(x, boxes, layers, config),
            config,
            name,
            layers.dtype,
            blocks=[backbone.name, *region_head.BLOCKS],
        )


@keras.saving.register_keras_serializable("kerasnotes")
class OfRegions(keras.layers.Layer):
    """Gives each region its row of a batch of all regions.

    Call arguments:
        inputs: `(batch · n, …)`.
        boxes: the regions, `(batch, n, 4)`.

    Returns:
        `(batch, n, …)`.
    """

    def call(self, inputs, boxes):
        """Return the rows."""
        shape = keras.ops.shape(boxes)[:2]
        return keras.ops.reshape(inputs, (*shape, *inputs.shape[1:]))

    def compute_output_shape(self, inputs_shape, boxes_shape):
        """Return the shape of the rows."""
        return (*boxes_shape[:2], *inputs_shape[1:])


def _enlarged(boxes, context):
    """Return boxes with sides longer by a factor, on the same centres."""
    first, last = boxes[..., :2], boxes[..., 2:]
    more = (last - first) * ((context - 1) / 2)
    return keras.ops.concatenate([first - more, last + more], axis=-1)
