"""Any Keras model in float64, for as long as it is needed."""

import contextlib

import keras
import tensorflow as tf

from kerasnotes import keras_private


@contextlib.contextmanager
def in_float64(model):
    """Run the model on float64 copies of its variables.

    Rebuilding the model under another policy would need a `get_config` of
    every layer; exchanging types and values in place takes any model.
    """
    floatx = keras.config.floatx()
    with contextlib.ExitStack() as stack:
        stack.callback(keras.config.set_floatx, floatx)
        keras.config.set_floatx("float64")
        for layer in keras_private.flatten_layers(model):
            if keras.backend.is_float_dtype(layer.compute_dtype):
                policy = keras.DTypePolicy("float64")
                _exchange(stack, layer, keras_private.DTYPE_POLICY, policy)
            for tensor in _inputs(layer):
                if keras.backend.is_float_dtype(tensor.dtype):
                    _exchange(stack, tensor, keras_private.DTYPE, "float64")
        for variable in model.variables:
            value = variable.numpy()
            if keras.backend.is_float_dtype(variable.dtype):
                value = value.astype("float64")
                _exchange(stack, variable, keras_private.DTYPE, "float64")
            twin = tf.Variable(value, trainable=variable.trainable)
            _exchange(stack, variable, keras_private.VALUE, twin)
        yield


def _inputs(layer):
    """Return what holds the types that a graph's inputs are cast to."""
    if isinstance(layer, keras.layers.InputLayer):
        return [layer]
    if not isinstance(layer, keras.Model):
        return []
    inputs = keras.tree.flatten(getattr(layer, "inputs", []))
    return [t for t in inputs if isinstance(t, keras.KerasTensor)]


def _exchange(stack, owner, name, value):
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)
