"""A network of two stages: one proposes regions, one looks at them."""

import keras

from kerasnotes.models.detectors import two_stages


@keras.saving.register_keras_serializable("kerasnotes")
class FasterRCNN(two_stages.TwoStages):
    """Faster R-CNN: a region proposal network and a head on one backbone.

    The backbone's maps at the finest stride and coarser meet from the top
    down (`pyramid.top_down`). Then

    1. the region proposal network gives each anchor of a cell the logit of
       an object and four deltas (`ops.apply_deltas`), which
       `losses.RegionProposalLoss` compares with the truth;
    2. `layers.RegionProposals` takes the best `proposals` boxes: clipped,
       suppressed at an IoU of 0.7, constants to the gradient;
    3. `layers.RoIAlign` cuts 7×7 places of each out of the finest map;
    4. two hidden layers, the same for all regions, give logits of background
       and classes and, for each class, deltas of its own, which
       `losses.RegionLoss` compares with the truth.

    Both stages learn at once, `training_model` with the true boxes among the
    regions.

    Args:
        backbone: a `Network` without its top that ends in maps. Its layers
            become layers of this model.
        classes: the number of classes, the background apart.
        anchors: for each stride a tuple of `(width, height)` in pixels.
        strides: pixels between two cells, one for each grid; maps of each
            are among the backbone's.
        filters: channels of the maps that the heads read.
        proposals: regions of a picture.
        hidden: units of each of the two hidden layers.
        dropout: rate of these that dropout drops.
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
        A dictionary: `anchors`, `(batch, grids.size, 5)`, the logit and the
        deltas of each; `regions`, `(batch, proposals, 4 + 1 + classes + 4 ·
        classes)`: the region as `xyxy` in pixels, logits with the background
        first, deltas of each class. `ops.region_answers` makes boxes of them.

    Raises:
        ValueError: an argument is none of these, or the backbone has no maps
            of a stride.

    Source: Ren et al., Faster R-CNN (2015); for RoI align and the maps, He et
    al., Mask R-CNN (2017), section 3, and Lin et al., Feature pyramid
    networks (2017), section 4.

    >>> from kerasnotes import models
    >>> trunk = models.DarknetSmall((64, 96, 3), include_top=False, width=0.25)
    >>> model = models.FasterRCNN(
    ...     trunk, 20, (((10, 14), (20, 30)),), (8,), proposals=30)
    >>> {name: x.shape for name, x in model.output.items()}
    {'anchors': (None, 192, 5), 'regions': (None, 30, 105)}
    """

    def __init__(
        self,
        backbone,
        classes,
        anchors,
        strides=(8,),
        filters=64,
        proposals=100,
        hidden=256,
        dropout=0.0,
        prior=0.01,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        config = {
            "backbone": backbone,
            "classes": classes,
            "anchors": anchors,
            "strides": strides,
            "filters": filters,
            "proposals": proposals,
            "hidden": hidden,
            "dropout": dropout,
            "prior": prior,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        super().__init__(config, name, dtype)
