"""Private names of Keras, each at one place.

Keras may change them in any version; `tests/test_keras_private.py` says which
is missing. Private names that patches replace are in
`training/distribute/keras_patches.py`, and in the same test.
"""

DTYPE, DTYPE_POLICY, VALUE = "_dtype", "_dtype_policy", "_value"
"""Attributes that hold a type, a layer's policy, and a variable's tensor."""


def operation_of(tensor):
    """Return the operation, most often a layer, that gave a `KerasTensor`.

    >>> import keras
    >>> x = keras.Input([3])
    >>> operation_of(keras.layers.Dense(2, name="head")(x)).name
    'head'
    """
    return tensor._keras_history.operation


def node_of(tensor):
    """Return the call of an operation that gave a `KerasTensor`.

    Args:
        tensor: a `KerasTensor` of a functional graph.

    Returns:
        A node, with `operation`, `input_tensors`, `outputs`, `arguments` and
        `is_input`.
    """
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def nodes_by_depth(graph):
    """Yield the lists of nodes of a functional model, its inputs' first.

    Args:
        graph: a functional `keras.Model`.

    >>> import keras
    >>> x = keras.Input([3])
    >>> graph = keras.Model(x, keras.layers.Dense(2)(x))
    >>> [node.is_input for level in nodes_by_depth(graph) for node in level]
    [True, False]
    """
    for _, nodes in sorted(graph._nodes_by_depth.items(), reverse=True):
        yield nodes


def flatten_layers(layer, include_self=True, recursive=True):
    """Return the layers within a layer, a list.

    Args:
        layer: a layer or model.
        include_self: whether the layer is the first of them.
        recursive: whether those within them are listed too.

    >>> import keras
    >>> model = keras.Sequential([keras.layers.Dense(2, name="head")])
    >>> [layer.name for layer in flatten_layers(model, include_self=False)]
    ['head']
    """
    return list(layer._flatten_layers(include_self, recursive))


def compile_loss(model, y, y_pred, sample_weight):
    """Return the loss that a model is compiled with, without penalties."""
    return model._compile_loss(y, y_pred, sample_weight)


def set_mask(tensor, mask):
    """Mark in a tensor which of its entries a reduction counts.

    Args:
        tensor: what `keras.losses.Loss.call` returns.
        mask: bool, of its shape.

    >>> import keras
    >>> losses = keras.ops.ones([2])
    >>> set_mask(losses, keras.ops.convert_to_tensor([True, False]))
    >>> losses._keras_mask.shape
    TensorShape([2])
    """
    tensor._keras_mask = mask


def learning_rate(optimizer):
    """Return an optimiser's learning rate as it is held, or its schedule.

    The public attribute gives what the schedule has at this step.
    """
    return optimizer._learning_rate


def variable_index(optimizer, variable):
    """Return the place of a trainable variable in an optimiser's lists."""
    return optimizer._get_variable_index(variable)
