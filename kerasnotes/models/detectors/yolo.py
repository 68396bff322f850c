"""A network that answers in the places of grids: YOLO."""

import keras

from kerasnotes.models import network
from kerasnotes.models.detectors import heads
from kerasnotes.models.pictures import convolution
from kerasnotes.ops import grids as grids_lib


@keras.saving.register_keras_serializable("kerasnotes")
class Yolo(network.Network):
    """A backbone with a head for each stride, all objects in one pass.

    The backbone's maps at the finest stride and coarser meet from the top
    down (`pyramid.top_down`): a map of each stride knows what coarser ones
    have seen. A 1×1 convolution then gives `5 + classes` numbers for each
    anchor of a cell,

    `[t_p, t_x, t_y, t_h, t_w, t_1 … t_n]`,

    which `ops.yolo_activate` makes the course's
    `[p_c, b_x, b_y, b_h, b_w, c_1 … c_n]`, and `losses.YoloLoss` compares
    with what `ops.yolo_encode` returns. The bias of t_p is that of
    `σ(t_p) = prior`: most places have no object, whose loss would else drown
    all others' for the first steps.

    Args:
        backbone: a `Network` without its top that ends in maps. Its layers
            become layers of this model.
        classes: the number of classes.
        anchors: for each stride a tuple of `(width, height)` in pixels, as
            `ops.anchor_clusters` finds them.
        strides: pixels between two cells, one for each grid; maps of each
            are among the backbone's.
        filters: channels of the maps that the heads read.
        prior: p_c of all places before training.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the heads' kernels.
        name: the model's name.
        dtype: the heads' dtype policy, or its name; None for the global one.

    Attributes:
        grids: the `ops.Grids` in whose places it answers.

    Call arguments:
        inputs: pictures float32 0–255, `(batch, *input_shape)`.

    Returns:
        `(batch, grids.size, 5 + classes)`, in the order of `grids`.

    Raises:
        ValueError: an argument is none of these, or the backbone has no maps
            of a stride.

    Source: course 4, "YOLO algorithm"; Redmon and Farhadi, YOLOv3 (2018);
    for the prior, Lin et al., Focal loss for dense object detection (2017),
    section 4.1.

    >>> from kerasnotes import models
    >>> trunk = models.DarknetSmall((64, 96, 3), include_top=False, width=0.25)
    >>> anchors = (((10, 14), (20, 30)), ((40, 60),))
    >>> model = models.Yolo(trunk, 20, anchors, strides=(8, 16))
    >>> model.output_shape  # 8 · 12 · 2 + 4 · 6
    (None, 216, 25)
    """

    def __init__(
        self,
        backbone,
        classes,
        anchors,
        strides=(8, 16, 32),
        filters=64,
        prior=0.01,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        heads.check_prior(prior)
        config = {
            "backbone": backbone,
            "classes": classes,
            "anchors": anchors,
            "strides": strides,
            "filters": filters,
            "prior": prior,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        grids = grids_lib.Grids(
            backbone.input_shape[1:3], strides, anchors, classes
        )
        layers = convolution.Convolution(
            *(initializer, kernel_regularizer, 1.0, True),
            dtype=network.policy(dtype),
        )
        maps = heads.grid_maps(backbone, grids, filters, layers)
        outputs = heads.places(
            *(maps, grids, 5 + classes, prior, layers, kernel_regularizer)
        )
        super().__init__(
            backbone.input,
            outputs,
            config,
            name,
            layers.dtype,
            blocks=[*backbone.blocks, *map(network.name_of, maps)],
        )
        self.grids = grids
