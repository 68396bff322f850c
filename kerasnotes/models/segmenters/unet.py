"""A network that shrinks a picture, grows it back, and labels each pixel."""

import math

import keras

from kerasnotes.models import network
from kerasnotes.models.segmenters import checks
from kerasnotes.models.segmenters.levels import Levels


@keras.saving.register_keras_serializable("kerasnotes")
class UNet(network.Network):
    """A way down, a way up, and bridges between them at each size.

    On the way down, each level has two 3×3 convolutions and a pooling that
    halves height and width, while channels grow; on the way up, each level
    doubles them, halves the channels, joins the maps that the way down had at
    this size, and has two convolutions again. A 1×1 convolution gives the
    logits of each pixel. Coarse maps know what is there, fine ones where.

    | layers | paper, 572×572×1 | parameters |
    |---|---|---|
    | down1 … down5 | 568, 280, 136, 64, 28 | 18,842,048 |
    | up4 … up1 | 52, 100, 196, 388 | 12,188,480 |
    | logits | 388×388×2 | 130 |

    That is with filters of 64, 128, 256, 512 and 1024, `padding="valid"` and
    `normalization=None`.

    With `padding="same"` the answer has the picture's size, whatever that is:
    a pooling of an odd size counts the last row too, and of what is doubled
    the row too many is cut. With `valid` convolutions see no zeros of the
    border, the bridges are cut, and so is the answer: only sizes fit whose
    every pooling is of an even one.

    With a `backbone` that is the way down: each of its sizes makes a bridge,
    and the way up ends at the picture's size.

    Args:
        input_shape: height, width and channels; height and width may be None,
            for pictures of any size, with `padding="same"`. None for
            (None, None, 3), or that of the backbone.
        classes: the number of classes, two or more: two are two channels.
        filters: channels of each level, the finest first; the number of
            levels. With a backbone: of the way up alone, at strides of 1, 2,
            4 …, the last of them for coarser maps too.
        upsampling: `transposed`, a transposed convolution without overlap; or
            `bilinear`, a 1×1 convolution and interpolation.
        padding: `same` or `valid`.
        normalization: before each activation: `batch`, `group` (of up to 8
            groups, which no other picture of a batch changes), or None.
        dropout: rate of the coarsest maps that dropout drops.
        activation: of hidden layers.
        backbone: a `Network` of pictures that has maps, without its top. Its
            layers become layers of this model.
        prior: the share of the pixels that each class has, before training:
            the biases of the logits are their logarithms. Where most pixels
            are of one class, the first steps would else learn that alone.
            None for biases of 0.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels, but for a
            backbone's.
        mean, std: of the training set's inputs; a backbone has its own.
        name: the model's name.
        dtype: the dtype policy, or its name; None for the global one. Logits
            have the type of the weights.

    Call arguments:
        inputs: pictures float32 0–255, `(batch, height, width, channels)`.

    Returns:
        Logits, `(batch, height, width, classes)`; with `valid` fewer rows and
        columns, the middle of the picture.

    Raises:
        ValueError: an argument is none of these, or a size doesn't fit.

    Source: course 4, "U-Net architecture"; Ronneberger et al., U-Net:
    convolutional networks for biomedical image segmentation (2015).

    >>> UNet((None, None, 1), 3, filters=(8, 16)).output_shape
    (None, None, None, 3)
    >>> UNet((76, 92, 1), filters=(8, 16, 32), padding="valid").output_shape
    (None, 36, 52, 2)
    """

    def __init__(
        self,
        input_shape=None,
        classes=2,
        filters=(16, 32, 64, 128, 256),
        upsampling="transposed",
        padding="same",
        normalization="batch",
        dropout=0.0,
        activation="relu",
        backbone=None,
        prior=None,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        config = {
            "input_shape": _shape(input_shape, backbone),
            "classes": classes,
            "filters": filters,
            "upsampling": upsampling,
            "padding": padding,
            "normalization": normalization,
            "dropout": dropout,
            "activation": activation,
            "backbone": backbone,
            "prior": prior,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        checks.check(config)
        layers = Levels(config, network.policy(dtype))
        down = _encoder if backbone is None else _backbone
        inputs, maps, blocks = down(layers)
        x, ends = _decoder(layers, inputs, maps)
        super().__init__(
            *(inputs, layers.logits(x), config, name, layers.dtype),
            blocks=[*blocks, *ends],
        )


def _shape(input_shape, backbone):
    """Return the shape of an input, the default's too."""
    if input_shape is None:
        shape = (None, None, 3) if backbone is None else backbone.input_shape
        input_shape = shape[-3:]
    return tuple(input_shape)


def _encoder(layers):
    """Return the input, the maps of each level, and the names of these."""
    config, maps = layers.config, []
    inputs = keras.Input(config["input_shape"])
    x = network.normalize(inputs, config["mean"], config["std"], layers.dtype)
    for level, filters in enumerate(config["filters"], start=1):
        if maps:
            x = layers.pool(x, f"pool{level - 1}")
        x = layers.twice(x, filters, f"down{level}")
        maps.append(x)
    return inputs, maps, [network.name_of(x) for x in maps]


def _backbone(layers):
    """Return these of a backbone; None stands for maps of the input's size."""
    backbone = layers.config["backbone"]
    maps = list(backbone.features().output.values())
    if maps[0].shape[1:3] != backbone.input.shape[1:3]:
        maps = [None, *maps]
    return backbone.input, maps, checks.blocks_of_maps(backbone)


def _decoder(layers, inputs, maps):
    """Return the finest maps of the way up, and the names of its blocks."""
    x, ends = layers.drop(maps[-1]), []
    for level in range(len(maps) - 1, 0, -1):
        bridge, name = maps[level - 1], f"up{level}"
        reference = inputs if bridge is None else bridge
        filters, factors = _growth(layers.config, level, x, reference, inputs)
        x = layers.grow(x, factors, filters, name)
        if layers.config["padding"] == "valid":
            bridge = layers.cut(bridge, x, f"{name}_bridge")
        else:
            x = layers.fit(x, reference, name)
        if bridge is not None:
            x = layers.join(bridge, x, name)
        x = layers.twice(x, filters, name)
        ends.append(network.name_of(x))
    return x, ends


def _growth(config, level, x, reference, inputs):
    """Return the channels of a level, and how many times it is as large."""
    filters = config["filters"]
    if config["backbone"] is None:
        return filters[level - 1], (2, 2)
    pairs = zip(reference.shape[1:3], x.shape[1:3], strict=True)
    factors = tuple(max(round(size / small), 1) for size, small in pairs)
    stride = inputs.shape[1] / reference.shape[1]
    return filters[min(round(math.log2(stride)), len(filters) - 1)], factors
