"""Batch norm folded into the layers before it, for serving."""

import warnings

import keras
import numpy as np

from kerasnotes import keras_private

_L = keras.layers

# The weight that holds one slice for each output channel, and the axes of
# the channels in it; depthwise layers have two: input channel, multiplier.
_KERNELS = {
    _L.Dense: ("kernel", (-1,)),
    _L.Conv1D: ("kernel", (-1,)),
    _L.Conv2D: ("kernel", (-1,)),
    _L.Conv3D: ("kernel", (-1,)),
    _L.Conv1DTranspose: ("kernel", (-2,)),
    _L.Conv2DTranspose: ("kernel", (-2,)),
    _L.Conv3DTranspose: ("kernel", (-2,)),
    _L.DepthwiseConv1D: ("kernel", (-2, -1)),
    _L.DepthwiseConv2D: ("kernel", (-2, -1)),
    _L.SeparableConv1D: ("pointwise_kernel", (-1,)),
    _L.SeparableConv2D: ("pointwise_kernel", (-1,)),
}
_WEIGHTS = {"kernel", "depthwise_kernel", "pointwise_kernel", "bias"}


def fold_batch_norm(model):
    """Return a functional model with its batch norms folded away.

    A batch norm that directly follows a dense or convolutional layer without
    activation becomes part of that layer's kernel `W` and bias `b`:

    `W' = W γ/√(σ²+ε)`, `b' = β + (b - μ) γ/√(σ²+ε)`

    with its running averages `μ`, `σ²`. The new model has weights of its own
    and answers as the old one does in inference; nested models are folded
    too. A batch norm stays where its layer's output is used elsewhere, either
    is shared, an activation or anything else lies between them, it is called
    with `training=True`, or it is hidden inside another layer; a warning
    names it and says why.

    Args:
        model: a functional or `Sequential` model, or a subclass built on
            such a graph.

    Raises:
        ValueError: `model` has no graph of layers.

    Example:
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((8, 8, 3)),
    ...         keras.layers.Conv2D(4, 3, use_bias=False, name="convolution"),
    ...         keras.layers.BatchNormalization(),
    ...     ]
    ... )
    >>> [layer.name for layer in fold_batch_norm(model).layers[1:]]
    ['convolution']

    Source: Jacob et al., "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference", 2018, section 3.2.
    """
    if not _has_graph(model):
        raise ValueError(
            "`model` must be a functional or Sequential model that is built. "
            f"Received: model={model.name} of type {type(model).__name__}"
        )
    left = []
    folded = _fold(model, left)
    if left:
        warnings.warn(
            "batch norm stays where it cannot be folded: " + "; ".join(left),
            stacklevel=2,
        )
    return folded


def _has_graph(layer):
    sequential = isinstance(layer, keras.Sequential) and layer.built
    return sequential or hasattr(layer, "operations")


def _fold(model, left):
    """Folds one graph, and those nested in it; adds to `left`."""
    graph = _graph(model)
    pairs = _pairs(graph, left)
    absorbing = {id(layer): norm for norm, layer in pairs}
    folded = {id(norm) for norm, _ in pairs}

    clones = {}

    def clone(operation):
        if id(operation) in folded or not isinstance(operation, _L.Layer):
            return operation
        if _has_graph(operation):
            return _fold(operation, left)
        norms = _inner_norms(operation)
        left.extend(f"{n.path} (inside {operation.name})" for n in norms)
        config = operation.get_config()
        if id(operation) in absorbing:
            config["use_bias"] = True
        clones[id(operation)] = type(operation).from_config(config)
        return clones[id(operation)]

    def call(operation, *args, **kwargs):
        if id(operation) in folded:
            return next(iter([*args, *kwargs.values()]))
        return operation(*args, **kwargs)

    new = keras.models.clone_model(
        graph, clone_function=clone, call_function=call
    )
    for layer in graph.layers:
        if id(layer) in absorbing:
            weights = _absorbed(layer, absorbing[id(layer)])
            clones[id(layer)].set_weights(weights)
        elif id(layer) in clones:
            _copy_state(layer, clones[id(layer)])
    return new


def _graph(model):
    """Return the model as a plain functional one, on the same layers."""
    if isinstance(model, keras.Sequential):
        inputs, outputs = model.inputs[0], model.outputs[0]
    else:
        inputs, outputs = model.input, model.output
    return keras.Model(inputs, outputs, name=model.name)


def _pairs(graph, left):
    """Return the batch norms to fold, each with its layer."""
    nodes = [
        node
        for level in keras_private.nodes_by_depth(graph)
        for node in level
        if not node.is_input
    ]
    pairs = []
    for node in nodes:
        if not isinstance(node.operation, _L.BatchNormalization):
            continue
        reason = _obstacle(node, nodes, graph)
        if reason:
            left.append(f"{node.operation.path} ({reason})")
        else:
            producer = keras_private.operation_of(node.input_tensors[0])
            pairs.append((node.operation, producer))
    return pairs


def _obstacle(node, nodes, graph):
    """Return why the batch norm of `node` can't be folded, or None."""
    norm, x = node.operation, node.input_tensors[0]
    layer = keras_private.operation_of(x)

    def calls(operation):
        return sum(n.operation is operation for n in nodes)

    users = sum(t is x for n in nodes for t in n.input_tensors)
    users += sum(t is x for t in graph.outputs)
    channels = 1 if _channels_first(layer) else len(x.shape) - 1
    checks = {
        f"{layer.name} before it is no plain dense or convolutional layer": (
            type(layer) not in _KERNELS
            or not {w.name for w in layer.weights} <= _WEIGHTS
        ),
        f"{layer.name} has an activation": (
            getattr(layer, "activation", None) is not keras.activations.linear
        ),
        "a layer called more than once": calls(norm) > 1 or calls(layer) > 1,
        f"the output of {layer.name} is used elsewhere": users > 1,
        "its axis is not that of the channels": (
            norm.axis % len(x.shape) != channels
        ),
        "called with training=True": node.arguments.kwargs.get("training"),
    }
    return next((reason for reason, true in checks.items() if true), None)


def _channels_first(layer):
    return getattr(layer, "data_format", None) == "channels_first"


def _absorbed(layer, norm):
    """Return the layer's weights with the batch norm in them."""
    weights = {w.name: w.numpy().astype("float64") for w in layer.weights}
    mean, variance, gamma, beta = (
        default if value is None else value.numpy().astype("float64")
        for value, default in (
            (norm.moving_mean, 0.0),
            (norm.moving_variance, 1.0),
            (norm.gamma, 1.0),
            (norm.beta, 0.0),
        )
    )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    name, axes = _KERNELS[type(layer)]
    kernel = weights[name]
    shape = [1] * kernel.ndim
    for axis in axes:
        shape[axis] = kernel.shape[axis]
    weights[name] = kernel * scale.reshape(shape)
    weights["bias"] = beta + (weights.get("bias", 0.0) - mean) * scale
    return list(weights.values())


def _inner_norms(layer):
    return [
        inner
        for inner in keras_private.flatten_layers(layer, include_self=False)
        if isinstance(inner, _L.BatchNormalization)
    ]


def _copy_state(layer, copy):
    """Copy all state of a layer, what isn't weights included."""
    for old, new in zip(
        keras_private.flatten_layers(layer),
        keras_private.flatten_layers(copy),
        strict=True,
    ):
        state = {}
        old.save_own_variables(state)
        new.load_own_variables(state)
