"""A network that finds the one object of a picture, or that there is none."""

import keras

from kerasnotes import errors
from kerasnotes.layers import soft_argmax
from kerasnotes.layers.block import CHANNELS_LAST
from kerasnotes.models import network
from kerasnotes.models.detectors import pyramid
from kerasnotes.models.pictures import convolution

_LANDMARKS = ("coordinates", "heat_maps")
_FILTERS = 32
_STRIDE = 4


@keras.saving.register_keras_serializable("kerasnotes")
class Localizer(network.Network):
    """A backbone and a head for one object: there or not, box, class, points.

    It returns `[p, b_x, b_y, b_h, b_w, c_1 … c_n, x_1, y_1 … x_K, y_K]`, in
    the order of the course:

    - p, the logit of an object being there;
    - the box's centre, height and width as shares of the picture's width,
      height, height and width, each a sigmoid;
    - the logits of the classes;
    - the landmarks as shares of width and height: of 64 points of a face
      there are, with p, 129 numbers where `boxes` is False.

    The maps of the backbone are flattened, for a mean would lose where things
    are: a 1×1 convolution with 32 filters, then a hidden layer.

    Args:
        backbone: a `Network` without its top: of maps, or of a vector. Its
            layers become layers of this model.
        classes: the number of classes; 0 where there is one kind of object.
        landmarks: K, the number of points.
        boxes: whether there are the four numbers of a box.
        landmark_head: `coordinates`, dense outputs that may lie outside of
            the picture; or `heat_maps` at a stride of 4 pixels, whose
            `layers.SoftArgmax` needs fewer examples.
        hidden: units of the hidden layer.
        dropout: rate of these that dropout drops.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the head's kernels.
        name: the model's name.
        dtype: the head's dtype policy, or its name; None for the global one.

    Call arguments:
        inputs: pictures float32 0–255, `(batch, *input_shape)`.

    Returns:
        `(batch, 1 + 4 + classes + 2K)`.

    Raises:
        ValueError: an argument is none of these, there is nothing to find, or
            heat maps are wanted of a backbone without maps.

    Source: for heat maps, Levine et al., End-to-end training of deep
    visuomotor policies (2016), section 5.1.

    >>> from kerasnotes import models
    >>> trunk = models.ResNet20((32, 32, 3), include_top=False, width=0.25)
    >>> models.Localizer(trunk, classes=3, landmarks=4).output_shape
    (None, 16)
    """

    def __init__(
        self,
        backbone,
        classes=0,
        landmarks=0,
        boxes=True,
        landmark_head="coordinates",
        hidden=128,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        _check(classes, landmarks, boxes, landmark_head, hidden)
        config = {
            "backbone": backbone,
            "classes": classes,
            "landmarks": landmarks,
            "boxes": boxes,
            "landmark_head": landmark_head,
            "hidden": hidden,
            "dropout": dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
        }
        layers = convolution.Convolution(
            initializer, kernel_regularizer, dtype=network.policy(dtype)
        )
        outputs = _outputs(backbone, layers, config)
        joined = keras.layers.Concatenate(
            dtype=layers.dtype.variable_dtype, name="answer"
        )
        super().__init__(
            backbone.input,
            joined(outputs),
            config,
            name,
            layers.dtype,
            blocks=[*backbone.blocks, "hidden_relu"],
        )


def _check(classes, landmarks, boxes, landmark_head, hidden):
    for name, value, least in (
        ("classes", classes, 0),
        ("landmarks", landmarks, 0),
        ("hidden", hidden, 1),
    ):
        if value < least:
            raise errors.ArgumentError(
                name, f"`{name}` must be {least} or more. Received: {value}"
            )
    if not boxes and not landmarks:
        raise ValueError(
            "`boxes` and `landmarks`: there must be a box or a point to find. "
            f"Received: boxes={boxes}, landmarks={landmarks}"
        )
    if landmark_head not in _LANDMARKS:
        raise errors.unknown("`landmark_head`", landmark_head, _LANDMARKS)


def _outputs(backbone, layers, config):
    """Return the parts of the answer, in their order."""
    x = _flat(backbone.output, layers)
    x = layers.dense(x, config["hidden"], "hidden", config["dropout"])

    def dense(units, name, activation=None):
        return network.dense(
            units,
            name,
            config["initializer"],
            config["kernel_regularizer"],
            activation=activation,
            dtype=layers.dtype.variable_dtype,
        )(x)

    outputs = [dense(1, "object")]
    if config["boxes"]:
        outputs.append(dense(4, "box", "sigmoid"))
    if config["classes"]:
        outputs.append(dense(config["classes"], network.HEAD))
    count = config["landmarks"]
    if count and config["landmark_head"] == "coordinates":
        outputs.append(dense(2 * count, "landmarks"))
    elif count:
        outputs.append(_soft_argmax(backbone, count, layers))
    return outputs


def _flat(x, layers):
    """Return a vector that keeps the place of everything."""
    if len(x.shape) == 4:
        x = layers(x, _FILTERS, 1, "reduced")
    return network.flatten(x, layers.dtype, "places")


def _soft_argmax(backbone, count, layers):
    """Return the points where heat maps are hottest, as a vector."""
    if len(backbone.output.shape) != 4:
        raise errors.ArgumentError(
            "landmark_head",
            "`landmark_head`=heat_maps needs a backbone that ends in maps. "
            f"Received: {backbone.name} of shape {backbone.output_shape}",
        )
    finest = pyramid.of(backbone, _STRIDE, _FILTERS, layers)[0]
    heat = keras.layers.Conv2D(
        count,
        1,
        dtype=layers.dtype.variable_dtype,
        name="heat_maps",
        **CHANNELS_LAST,
    )(finest)
    points = soft_argmax.SoftArgmax(
        dtype=layers.dtype.variable_dtype, name="landmark_points"
    )(heat)
    return network.flatten(points, layers.dtype, "landmarks")
