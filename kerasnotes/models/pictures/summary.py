"""What each layer of a model holds, costs and sees."""

import dataclasses
import math

import keras

from kerasnotes import keras_private
from kerasnotes.ops import convolution, receptive_field

_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_WHOLE = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


@dataclasses.dataclass(frozen=True)
class Row:
    """A layer in its place in a model.

    Attributes:
        name: the layer's name.
        kind: its class's name.
        shape: of its activations, without the batch.
        parameters: how many it has; 0 where it is called again.
        multiply_adds: of its kernels for one example, biases apart, at the
            places where they are laid; None where inner layers hide them.
        fields: a `Field` for each axis of the input, see `table`; None where
            it isn't known.
    """

    name: str
    kind: str
    shape: tuple
    parameters: int
    multiply_adds: int | None
    fields: tuple | None

    @property
    def size(self):
        """The number of its activations."""
        return math.prod(self.shape)

    @property
    def maps(self):
        """Whether its units lie in a plane, each with a place of its own."""
        return len(self.shape) == 3 and min(self.shape[:2]) > 1


def table(model):
    """Return a `Row` for each layer of a model, from the inputs on.

    A unit's receptive field spans what any path leads to it from: through
    windows it grows by `Field.through`, at additions and concatenations
    it is the widest. A dense layer after flattening, and global pooling, see
    the whole map. Layers that shift or mix pixels in ways that aren't known
    here (a transposed convolution, layers within layers) have none, nor
    what comes after.

    Args:
        model: a functional model, or a `Sequential` one that is built; its
            inputs `(batch, …, channels)` have known sizes.

    Raises:
        ValueError: an activation's size isn't known.

    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((32, 32, 3)),
    ...         keras.layers.Conv2D(10, 3, padding="same"),
    ...         keras.layers.MaxPooling2D(2),
    ...     ]
    ... )
    >>> [(row.parameters, row.multiply_adds) for row in table(model)]
    [(0, 0), (280, 276480), (0, 0)]
    >>> table(model)[-1].fields[0]
    Field(size=4, stride=2, start=-1)

    Source: Araujo et al., Computing receptive fields of convolutional neural
    networks (2019).
    """
    graph = keras.Model(model.inputs, model.outputs)
    fields, counted, rows = {}, set(), []
    for node in _nodes(graph):
        operation, output = node.operation, node.outputs[0]
        values = _fields(node, fields)
        fields |= dict.fromkeys(map(id, node.outputs), values)
        parameters = 0
        if isinstance(operation, keras.Layer) and operation not in counted:
            counted.add(operation)
            parameters = operation.count_params()
        rows.append(
            Row(
                operation.name,
                type(operation).__name__,
                _sizes(operation, output),
                parameters,
                _multiply_adds(node),
                values,
            )
        )
    return rows


def _nodes(graph):
    """Yield the calls of layers in the order of the layers."""
    order = {id(op): i for i, op in enumerate(graph.operations)}
    for level in keras_private.nodes_by_depth(graph):
        yield from sorted(level, key=lambda node: order[id(node.operation)])


def _sizes(operation, tensor):
    shape = tuple(tensor.shape[1:])
    if None in shape:
        raise ValueError(
            "`model` must have activations of known sizes. Received: "
            f"{operation.name} with shape {shape}"
        )
    return shape


def _hides(operation):
    """Return whether layers within the layer do its work."""
    if not isinstance(operation, keras.Layer):
        return False
    return bool(keras_private.flatten_layers(operation, include_self=False))


def _multiply_adds(node):
    operation = node.operation
    if _hides(operation):
        return None
    weights = getattr(operation, "weights", ())
    kernels = sum(math.prod(w.shape) for w in weights if w.name in _KERNELS)
    transposed = isinstance(operation, _TRANSPOSED)
    tensor = node.input_tensors[0] if transposed else node.outputs[0]
    return kernels * math.prod(tensor.shape[1:-1]) if kernels else 0


def _fields(node, known):
    """Return the fields of a node's output, a `Field` an axis, or None."""
    operation, output = node.operation, node.outputs[0]
    if node.is_input:
        return (receptive_field.Field(),) * (len(output.shape) - 2)
    inputs = [known[id(tensor)] for tensor in node.input_tensors]
    if None in inputs or _hides(operation):
        return None
    axes = [receptive_field.union(f) for f in zip(*inputs, strict=True)]
    if None in axes:
        return None
    sizes = max(
        (tuple(tensor.shape[1:-1]) for tensor in node.input_tensors),
        key=math.prod,
    )
    if not sizes:
        return tuple(axes)
    if isinstance(operation, _WHOLE):
        return tuple(f.of_all(n) for f, n in zip(axes, sizes, strict=True))
    return _through(operation, axes, sizes, tuple(output.shape[1:-1]))


def _through(layer, axes, sizes, after):
    """Return the fields behind a window; one pixel's, for most layers."""
    if len(after) != len(sizes):
        return None
    fields = []
    for field, size, want, window in zip(
        axes, sizes, after, _windows(layer, sizes), strict=True
    ):
        kernel, stride, (before, behind), dilation = window
        size += before + behind
        # What doesn't behave as a window would is none.
        reach = dilation * (kernel - 1)
        if want != (size - reach - 1) // stride + 1:
            return None
        fields.append(field.through(kernel, stride, before, dilation))
    return tuple(fields)


def _windows(layer, sizes):
    """Return kernel, stride, padding and dilation for each axis."""
    count = len(sizes)

    def each(name, default):
        value = getattr(layer, name, default)
        return (value,) * count if isinstance(value, int) else tuple(value)

    kernels = each("kernel_size", each("pool_size", 1))
    strides, dilations = each("strides", 1), each("dilation_rate", 1)
    padding = getattr(layer, "padding", "valid")
    if hasattr(layer, "cropping"):
        padding = tuple((-a, -b) for a, b in _pairs(layer.cropping))
    if not isinstance(padding, str):
        widths = _pairs(padding)
    elif padding == "causal":
        widths = [(dilations[0] * (kernels[0] - 1), 0)]
    else:
        windows = zip(sizes, kernels, strides, dilations, strict=True)
        widths = [
            convolution.pad_widths(n, k, s, padding, d)
            for n, k, s, d in windows
        ]
    return list(zip(kernels, strides, widths, dilations, strict=True))


def _pairs(widths):
    """Return a pair for each axis; layers of one axis hold but a pair."""
    return [widths] if isinstance(widths[0], int) else list(widths)
