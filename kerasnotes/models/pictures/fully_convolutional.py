"""Classifiers made convolutional: sliding windows in one pass."""

import dataclasses
import warnings

import keras
import numpy as np
from keras import layers as _L

from kerasnotes import keras_private
from kerasnotes.layers.block import CHANNELS_LAST

_FAR = 2**20  # A side so long that a map's length tells its stride.
_SAME = 1e-3  # What another order of sums explains, as a share of outputs.


@dataclasses.dataclass(frozen=True)
class Sliding:
    """A classifier applied to every window of a picture.

    Called with pictures `(batch, height, width, channels)`, it returns a map
    of scores `(batch, rows, columns, classes)`. Row i and column j hold the
    classifier's scores for the crop whose top left pixel is
    `(i · stride[0], j · stride[1])`, see `border`. Pixels below and right of
    the last windows are ignored.

    Attributes:
        model: the fully convolutional `keras.Model`; its pictures are at
            least as large as `window`.
        window: height and width of a crop in pixels, the classifier's own
            input size.
        stride: the distance in pixels from one window to the next, down and
            across.
        border: the largest difference between the map and the classifier's
            own scores for the same crops, measured on one random picture.
            Where layers pad their maps, it can be more than a rounding error.
    """

    model: keras.Model
    window: tuple
    stride: tuple
    border: float

    def positions(self, height, width):
        """Return the rows and columns of the map of such a picture.

        Raises:
            ValueError: the picture is smaller than the window.
        """
        sides = (height, width)
        if sides[0] < self.window[0] or sides[1] < self.window[1]:
            raise ValueError(
                "`height` and `width` must be at least "
                f"{self.window[0]} and {self.window[1]}. "
                f"Received: height={height}, width={width}"
            )
        return tuple(
            (side - window) // stride + 1
            for side, window, stride in zip(
                sides, self.window, self.stride, strict=True
            )
        )

    def __call__(self, pictures):
        """Return the map of pictures, see the class."""
        # Of just this size, padding and strides fall as in each crop.
        bottom, right = (
            (count - 1) * stride + window
            for count, stride, window in zip(
                self.positions(*pictures.shape[1:3]),
                self.stride,
                self.window,
                strict=True,
            )
        )
        return self.model(pictures[:, :bottom, :right], training=False)


def convolutionalize(model):
    """Make a classifier of one size of picture one of every window.

    A dense layer on the flattened `h×w×c` map is a convolution with kernels
    of `h×w×c`; one after it is a convolution of 1×1; global pooling of an
    `h×w` map is pooling of `h×w` windows with stride 1. The new model has
    weights of its own. With valid padding its map is the classifier's answer
    on each crop. Where maps are padded (`same`), a crop has zeros at its
    borders and a window its neighbours: a warning says how far answers of a
    random picture lie apart.

    Args:
        model: a functional or `Sequential` model from pictures `(batch,
            height, width, channels)` to scores `(batch, classes)`.

    Returns:
        A `Sliding`.

    Raises:
        ValueError: the model is no such graph, or has a layer that mixes
            positions in another way.

    Example:
    >>> classifier = keras.Sequential([
    ...     keras.Input((8, 8, 1)), keras.layers.MaxPooling2D(),
    ...     keras.layers.Flatten(), keras.layers.Dense(3)])
    >>> sliding = convolutionalize(classifier)
    >>> found = sliding(keras.ops.zeros((1, 12, 14, 1)))
    >>> sliding.stride, tuple(found.shape)
    ((2, 2), (1, 3, 4, 3))

    Source: Sermanet et al., OverFeat: Integrated recognition, localization
    and detection using convolutional networks (2014), section 3.5.
    """
    graph = _graph(model)
    *window, channels = graph.inputs[0].shape[1:]
    kernels = _kernels(graph)
    clones = {}

    def clone(operation):
        if not isinstance(operation, _L.Layer):
            return operation
        clones[id(operation)] = _converted(operation, kernels)
        return clones[id(operation)]

    try:
        new = keras.models.clone_model(
            graph,
            input_tensors=keras.Input((None, None, channels)),
            clone_function=clone,
            call_function=_call,
        )
        for layer in graph.layers:
            if id(layer) in clones:
                _copy_weights(layer, clones[id(layer)])
    except (TypeError, ValueError) as error:
        raise _refused(model, str(error).splitlines()[0]) from error
    sliding = Sliding(new, tuple(window), _stride(new, window, channels), 0.0)
    return _measured(sliding, graph)


def _refused(model, reason):
    return ValueError(
        "`model` must be a graph from (batch, height, width, channels) to "
        "(batch, classes) that ends in flattening or global pooling and "
        f"layers for each position: {reason}. Received: model={model.name}"
    )


def _graph(model):
    """Return the model as a plain functional one, on the same layers."""
    sequential = isinstance(model, keras.Sequential) and model.built
    if not (sequential or hasattr(model, "operations")):
        raise _refused(model, "it has no graph of layers")
    shapes = [t.shape for t in [*model.inputs, *model.outputs]]
    ranks = [len(shape) for shape in shapes]
    if ranks != [4, 2] or None in shapes[0][1:]:
        listed = ", ".join(map(str, shapes))
        raise _refused(model, f"its inputs and outputs are of shapes {listed}")
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _kernels(graph):
    """Return the size of the map that each layer on flat tensors reads."""
    flat, kernels = {}, {}
    for level in keras_private.nodes_by_depth(graph):
        for node in level:
            if node.is_input:
                continue
            layer, x, y = node.operation, node.input_tensors[0], node.outputs[0]
            if len(x.shape) == 4 and len(y.shape) == 2:
                pooled = not isinstance(layer, (_L.Flatten, _L.Reshape))
                flat[id(y)] = (1, 1) if pooled else tuple(x.shape[1:3])
                kernels[id(layer)] = tuple(x.shape[1:3])
            elif id(x) in flat:
                kernels[id(layer)] = flat[id(x)]
                dense = isinstance(layer, _L.Dense)
                flat[id(y)] = (1, 1) if dense else flat[id(x)]
            if isinstance(layer, _POOLINGS):  # Also of those that keep axes.
                kernels[id(layer)] = tuple(x.shape[1:3])
    return kernels


_POOLINGS = (_L.GlobalAveragePooling2D, _L.GlobalMaxPooling2D)


def _converted(layer, kernels):
    """Return the layer that does the same at each position of a map."""
    common = {"name": layer.name, "dtype": layer.dtype_policy}
    kernel = kernels.get(id(layer))
    if isinstance(layer, _L.Reshape) and not kernel:
        raise ValueError(f"{layer.name} mixes positions")
    if isinstance(layer, (_L.Flatten, _L.Reshape)):
        return _L.Identity(**common)
    if isinstance(layer, _L.GlobalAveragePooling2D):
        return _L.AveragePooling2D(kernel, 1, **CHANNELS_LAST, **common)
    if isinstance(layer, _L.GlobalMaxPooling2D):
        return _L.MaxPooling2D(kernel, 1, **CHANNELS_LAST, **common)
    if kernel and isinstance(layer, _L.Dense):
        return _L.Conv2D(
            layer.units,
            kernel,
            activation=layer.activation,
            use_bias=layer.use_bias,
            **CHANNELS_LAST,
            **common,
        )
    config = layer.get_config()
    if kernel and isinstance(layer, _L.BatchNormalization):
        config["axis"] = -1
    return type(layer).from_config(config)


def _call(operation, *args, **kwargs):
    flat = type(operation).__name__ == "Pad" and len(operation.pad_width) == 2
    if flat:
        rows, units = operation.pad_width
        # The scores of classes are now the fourth axis.
        widths = [rows, (0, 0), (0, 0), units]
        return keras.ops.pad(*args, widths, **kwargs)
    return operation(*args, **kwargs)


def _copy_weights(layer, copy):
    weights = [keras.ops.convert_to_numpy(w) for w in layer.weights]
    if isinstance(copy, _L.Conv2D) and isinstance(layer, _L.Dense):
        weights[0] = weights[0].reshape(copy.kernel.shape)
    copy.set_weights(weights)


def _stride(model, window, channels):
    shape = (1, *(_FAR + side for side in window), channels)
    rows, columns = model.compute_output_shape(shape)[1:3]
    return round(_FAR / (rows - 1)), round(_FAR / (columns - 1))


def _measured(sliding, classifier):
    """Compare with the classifier; warn of borders, refuses all else."""
    (height, width), (down, across) = sliding.window, sliding.stride
    channels = classifier.inputs[0].shape[-1]
    shape = (1, height + 2 * down, width + 2 * across, channels)
    x = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    crops = x[:, :height, :width], x[:, down:-down, across:-across]
    want = classifier(np.concatenate(crops), training=False)
    want = keras.ops.convert_to_numpy(want).astype("float32")
    alone, all_at_once = (
        keras.ops.convert_to_numpy(sliding(part)).astype("float32")
        for part in (crops[0], x)
    )
    scale = float(np.abs(want).max())
    if not np.abs(alone[0, 0, 0] - want[0]).max() <= 100 * _SAME * scale:
        raise _refused(classifier, "the map of one window differs from it")
    border = float(np.abs(all_at_once[0, (0, 1), (0, 1)] - want).max())
    if border > _SAME * scale:
        warnings.warn(
            f"{classifier.name} pads its maps: a crop has zeros at its "
            "borders where a window of a larger picture has its neighbours, so "
            "the map is not quite what it says of each crop: on a random "
            f"picture outputs of up to {scale:.2g} differ by up to "
            f"{border:.2g}. A network without padding has none: "
            "LeNet-5",
            stacklevel=3,
        )
    return dataclasses.replace(sliding, border=border)
