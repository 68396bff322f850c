"""One test case that checks a layer's whole contract."""

import contextlib
import json
import pathlib
import tempfile

import keras
import numpy as np


def check_layer(
    cls,
    init_kwargs=None,
    *,
    input_shape=None,
    inputs=None,
    call_kwargs=None,
    expected_output_shape=None,
    expected_num_trainable_weights=None,
    expected_num_non_trainable_weights=None,
    trains=True,
    mixed_precision=True,
):
    """Raise AssertionError unless `cls` keeps the contract of a layer.

    1. Its config, through JSON, makes a layer of the same config, and holds
       every argument of `init_kwargs`.
    2. Called symbolically it promises the shapes and types that it then
       gives.
    3. Saved in a model as `.keras` and loaded, it gives the same output.
    4. One step of descent moves every trainable weight.
    5. Under mixed precision, 2 holds, its weights stay float32 and its output
       is finite.

    Args:
        cls: a layer class, registered for serialisation, whose constructor
            takes `name` and `dtype`.
        init_kwargs: the constructor's arguments.
        input_shape: shape of a normal random input, batch included.
        inputs: the input itself, an array or nested arrays, in its place.
        call_kwargs: arguments of the call; arrays become inputs of the model.
        expected_output_shape: shape of the output, batch included.
        expected_num_trainable_weights: number of weights that learn.
        expected_num_non_trainable_weights: number of those that don't.
        trains: whether to check 4.
        mixed_precision: whether to check 5.

    >>> check_layer(
    ...     keras.layers.Dense,
    ...     {"units": 3},
    ...     input_shape=(4, 2),
    ...     expected_output_shape=(4, 3),
    ...     expected_num_trainable_weights=2,
    ... )
    """
    init_kwargs = init_kwargs or {}
    if (input_shape is None) == (inputs is None):
        raise ValueError(
            "Give one of `input_shape` and `inputs`. Received: "
            f"input_shape={input_shape}, inputs={inputs}"
        )
    if inputs is None:
        inputs = np.random.default_rng(0).normal(size=input_shape)
        inputs = inputs.astype("float32")
    call = _Call(inputs, call_kwargs or {})
    with _named(cls, "config"):
        _check_config(cls(**init_kwargs), init_kwargs)
    with _named(cls, "symbolic call"):
        layer = cls(**init_kwargs)
        output = _check_output(layer, call)
        if expected_output_shape is not None:
            _same("output shape", output.shape, expected_output_shape)
        for kind, expected in (
            ("trainable_weights", expected_num_trainable_weights),
            ("non_trainable_weights", expected_num_non_trainable_weights),
        ):
            if expected is not None:
                _same(f"number of {kind}", len(getattr(layer, kind)), expected)
    with _named(cls, "saving"):
        _check_saving(cls(**init_kwargs), call)
    if trains:
        with _named(cls, "training"):
            _check_training(cls(**init_kwargs), call)
    if mixed_precision:
        with _named(cls, "mixed precision"):
            _check_mixed(cls(**init_kwargs, dtype="mixed_bfloat16"), call)


class _Call:
    """What a layer is called on, for arrays and for symbols alike."""

    def __init__(self, inputs, kwargs):
        self.plain = {
            k: v for k, v in kwargs.items() if not hasattr(v, "shape")
        }
        arrays = {k: v for k, v in kwargs.items() if hasattr(v, "shape")}
        self.tensors = (inputs, arrays)
        self.flat = keras.tree.flatten(self.tensors)

    def eager(self, layer):
        return self._call(layer, keras.ops.convert_to_tensor)

    def model(self, layer):
        """Return the layer in a functional model of the flat tensors."""
        symbols = []

        def symbol(array):
            symbols.append(
                keras.Input(batch_shape=array.shape, dtype=array.dtype)
            )
            return symbols[-1]

        return keras.Model(symbols, self._call(layer, symbol))

    def _call(self, layer, convert):
        inputs, kwargs = keras.tree.map_structure(convert, self.tensors)
        return layer(inputs, **kwargs, **self.plain)


@contextlib.contextmanager
def _named(cls, check):
    try:
        yield
    except Exception as error:
        message = f"{cls.__name__}, {check}: {error}"
        raise AssertionError(message) from error


def _same(what, received, expected):
    if received != expected:
        raise AssertionError(f"{what} is {received}, expected {expected}")


def _check_config(layer, init_kwargs):
    config = layer.get_config()
    missing = set(init_kwargs) - set(config)
    if missing:
        raise AssertionError(
            f"get_config() forgets {', '.join(sorted(missing))}"
        )
    first = json.dumps(keras.saving.serialize_keras_object(layer))
    revived = keras.saving.deserialize_keras_object(json.loads(first))
    second = json.dumps(keras.saving.serialize_keras_object(revived))
    _same("the config of its revival", second, first)


def _specs(outputs):
    return keras.tree.map_structure(
        lambda x: (tuple(x.shape), keras.backend.standardize_dtype(x.dtype)),
        outputs,
    )


def _check_output(layer, call):
    """Compare the promise with the output, and return the output."""
    promised = call.model(layer).output
    weights = len(layer.weights)
    output = call.eager(layer)
    _same("the symbolic output", _specs(promised), _specs(output))
    _same("the number of weights after a call", len(layer.weights), weights)
    return output


def _stir(layer):
    """Move the weights from where a new layer would have them."""
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        if "float" in weight.dtype:
            weight.assign(weight + rng.uniform(0.1, 0.5, weight.shape))


def _check_saving(layer, call):
    model = call.model(layer)
    _stir(layer)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    keras.tree.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5),
        _values(model, call),
        _values(loaded, call),
    )


def _values(model, call):
    """Return the outputs, which nothing compiles: training does."""
    return keras.tree.map_structure(
        keras.ops.convert_to_numpy, model(call.flat)
    )


def _check_training(layer, call):
    model = call.model(layer)
    _stir(layer)
    before = _arrays(layer.trainable_weights)
    rng = np.random.default_rng(2)
    # Random slopes, so that outputs that sum to a constant have a gradient.
    slopes = keras.tree.map_structure(
        lambda x: rng.normal(size=x.shape).astype("float32"), model.output
    )
    losses = keras.tree.map_structure(lambda _: _linear, model.output)
    model.compile(keras.optimizers.SGD(1.0), losses)
    model.train_on_batch(call.flat, slopes)
    after = _arrays(layer.trainable_weights)
    still = [
        weight.path
        for weight, old, new in zip(
            layer.trainable_weights, before, after, strict=True
        )
        if np.array_equal(new, old)
    ]
    if still:
        raise AssertionError(
            f"a step of descent leaves {', '.join(still)} unmoved"
        )


def _arrays(weights):
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]


def _linear(slopes, output):
    return keras.ops.mean(slopes * keras.ops.cast(output, slopes.dtype))


def _check_mixed(layer, call):
    output = _check_output(layer, call)
    for weight in layer.weights:
        if "float" in weight.dtype:
            _same(f"the type of {weight.path}", weight.dtype, "float32")
    for x in keras.tree.flatten(output):
        if not bool(keras.ops.all(keras.ops.isfinite(x))):
            raise AssertionError("the output isn't finite")
