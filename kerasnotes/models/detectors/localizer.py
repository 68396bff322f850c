"""A network that finds the one object of a picture, or that there is none."""

import keras

from kerasnotes import errors
from kerasnotes.layers import soft_argmax
from kerasnotes.layers.block import CHANNELS_LAST
from kerasnotes.models import network
from kerasnotes.models.detectors import pyramid
from kerasnotes.models.pictures import convolution

_HEADS = ("attention", "flat")
_LANDMARKS = ("coordinates", "heat_maps")
_REDUCED = 32
# Of maps to look at: pixels between two places, and channels.
_HEAT_STRIDE, _ATTENTION_STRIDE = 4, 8
_FILTERS = 64


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

    A mean over the backbone's maps would lose where things are. With
    `head="attention"` a heat map `h` says it, `a = softmax(h)` over all places
    of maps `M` at a stride of 8:

    - the box's centre is the mean place, `Σ a · place` (`layers.SoftArgmax`);
    - `Σ a M`, what is seen there, and `max M` go through a hidden layer to all
      the rest, the same wherever the object is; landmarks as coordinates are
      distances from the centre.

    With `head="flat"` a 1×1 convolution with 32 filters is flattened, then
    comes the hidden layer: each place has weights of its own, which need more
    examples, and centres may lie on the border.

    Args:
        backbone: a `Network` without its top: of maps, or of a vector. Its
            layers become layers of this model.
        classes: the number of classes; 0 where there is one kind of object.
        landmarks: K, the number of points.
        boxes: whether there are the four numbers of a box.
        head: `attention` or `flat`; None for the first, or the second where
            there are no boxes or the backbone ends in no maps.
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
        head=None,
        landmark_head="coordinates",
        hidden=128,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        name=None,
        dtype=None,
    ):
        _check(backbone, classes, landmarks, boxes, landmark_head, hidden)
        head = _head(head, boxes, backbone)
        config = {
            "backbone": backbone,
            "classes": classes,
            "landmarks": landmarks,
            "boxes": boxes,
            "head": head,
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


def _check(backbone, classes, landmarks, boxes, landmark_head, hidden):
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
    if landmark_head == "heat_maps" and len(backbone.output.shape) != 4:
        raise errors.ArgumentError(
            "landmark_head",
            "`landmark_head`=heat_maps needs a backbone that ends in maps. "
            f"Received: {backbone.name} of shape {backbone.output_shape}",
        )


def _head(head, boxes, backbone):
    """Return the name of the head, the default's too."""
    fits = boxes and len(backbone.output.shape) == 4
    if head is None:
        return "attention" if fits else "flat"
    if head not in _HEADS:
        raise errors.unknown("`head`", head, _HEADS)
    if head == "attention" and not fits:
        raise errors.ArgumentError(
            "head",
            "`head`=attention finds the centre of a box on the backbone's "
            f"maps. Received: boxes={boxes}, {backbone.name} of shape "
            f"{backbone.output_shape}",
        )
    return head


def _outputs(backbone, layers, config):
    """Return the parts of the answer, in their order."""
    dtype, centre = layers.dtype.variable_dtype, None
    maps = _maps(backbone, layers, config)
    if config["head"] == "attention":
        finer = len(maps) - len(_names(backbone, _ATTENTION_STRIDE))
        x, centre = _attention(maps[max(finer, 0)], backbone.output, dtype)
    else:
        x = _flat(backbone.output, layers)
    x = layers.dense(
        *(x, config["hidden"], "hidden", config["dropout"]),
        batch_norm=centre is not None,
    )

    def dense(units, name, activation=None):
        return network.dense(
            units,
            name,
            config["initializer"],
            config["kernel_regularizer"],
            activation=activation,
            dtype=dtype,
        )(x)

    outputs = [dense(1, "object")]
    if centre is not None:
        outputs += [centre, dense(2, "size", "sigmoid")]
    elif config["boxes"]:
        outputs.append(dense(4, "box", "sigmoid"))
    if config["classes"]:
        outputs.append(dense(config["classes"], network.HEAD))
    count = config["landmarks"]
    if count and config["landmark_head"] == "heat_maps":
        outputs.append(_soft_argmax(maps[0], count, layers))
    elif count and centre is not None:
        centres = keras.layers.Concatenate(dtype=dtype, name="centres")(
            [centre] * count
        )
        distances = dense(2 * count, "distances")
        outputs.append(
            keras.layers.Add(dtype=dtype, name="landmarks")(
                [centres, distances]
            )
        )
    elif count:
        outputs.append(dense(2 * count, "landmarks"))
    return outputs


def _maps(backbone, layers, config):
    """Return the maps to look at, the finest first."""
    if config["landmarks"] and config["landmark_head"] == "heat_maps":
        stride = _HEAT_STRIDE
    elif config["head"] == "attention":
        stride = _ATTENTION_STRIDE
    else:
        return []
    names = _names(backbone, stride)
    maps = [backbone.get_layer(name).output for name in names]
    return pyramid.top_down(maps, _FILTERS, layers)


def _names(backbone, stride):
    """Return the maps of a stride and coarser; of none, the coarsest."""
    names = pyramid.coarser_than(backbone, stride)
    return names or pyramid.coarser_than(backbone, 1)[-1:]


def _attention(maps, last, dtype):
    """Return what is seen where the object is, and its centre.

    Args:
        maps: symbolic maps that know the place.
        last: the backbone's last maps.
        dtype: of what is computed.
    """
    heat = keras.layers.Conv2D(
        1, 1, dtype=dtype, name="heat_map", **CHANNELS_LAST
    )(maps)
    centre = soft_argmax.SoftArgmax(dtype=dtype, name="mean_place")(heat)
    centre = keras.layers.Reshape([2], dtype=dtype, name="centre")(centre)
    height, width, filters = maps.shape[1:]
    rows = keras.layers.Reshape(
        [height * width, filters], dtype=dtype, name="places"
    )(maps)
    heat = keras.layers.Reshape(
        [height * width, 1], dtype=dtype, name="heat_places"
    )(heat)
    chances = keras.layers.Softmax(axis=1, dtype=dtype, name="attention")(heat)
    there = keras.layers.Dot(1, dtype=dtype, name="there")([rows, chances])
    there = keras.layers.Reshape([filters], dtype=dtype, name="object_maps")(
        there
    )
    anywhere = keras.layers.GlobalMaxPooling2D(
        dtype=dtype, name="anywhere", **CHANNELS_LAST
    )(last)
    x = keras.layers.Concatenate(dtype=dtype, name="features")(
        [there, anywhere]
    )
    return x, centre


def _flat(x, layers):
    """Return a vector that keeps the place of everything."""
    if len(x.shape) == 4:
        x = layers(x, _REDUCED, 1, "reduced")
    return network.flatten(x, layers.dtype, "places")


def _soft_argmax(maps, count, layers):
    """Return the points where heat maps are hottest, as a vector."""
    heat = keras.layers.Conv2D(
        count,
        1,
        dtype=layers.dtype.variable_dtype,
        name="heat_maps",
        **CHANNELS_LAST,
    )(maps)
    points = soft_argmax.SoftArgmax(
        dtype=layers.dtype.variable_dtype, name="landmark_points"
    )(heat)
    return network.flatten(points, layers.dtype, "landmarks")
