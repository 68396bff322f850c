"""What a unit sees is where its gradient isn't zero."""

import keras
import numpy as np
import pytest

from kerasnotes import layers, models
from kerasnotes.layers import inception
from kerasnotes.models.pictures import summary

tf = pytest.importorskip("tensorflow")
L = keras.layers
PASSING = (
    L.BatchNormalization,
    L.Normalization,
    layers.Standardization,
    L.Dropout,
    L.Activation,
    L.ReLU,
)


def twin(model):
    """Return the model with positive weights, linear, averages for maxima."""

    def clone(layer):
        config = layer.get_config()
        if isinstance(layer, L.MaxPooling2D):
            return L.AveragePooling2D.from_config(config)
        if (
            isinstance(layer, PASSING)
            or "LocalResponse" in type(layer).__name__
        ):
            return L.Activation("linear", name=layer.name)
        if config.get("activation"):
            config["activation"] = "linear"
        return type(layer).from_config(config)

    graph = keras.Model(model.inputs, model.outputs)
    new = keras.models.clone_model(
        graph,
        clone_function=clone,
        call_function=lambda layer, x, **_: layer(x),
    )
    for weight in new.weights:
        # Sums near 1, also of depthwise kernels: no layer may underflow.
        *inner, outer = weight.shape
        share = np.prod(inner[:2] if outer == 1 else inner)
        weight.assign(np.full(weight.shape, 1 / share))
    return new


def check(model):
    """Compare what corner and middle units see, a layer of each size."""
    rows = summary.table(model)
    # A corner of what is padded sees nothing.
    last = {
        row.shape[:2]: row
        for row in rows[1:]
        if row.maps and "Padding" not in row.kind
    }
    taps = {row.name: row for row in last.values()}
    assert all(row.fields for row in taps.values())
    positive = twin(model)
    outputs = {name: positive.get_layer(name).output for name in taps}
    x = tf.ones([1, *model.input_shape[1:]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        maps = keras.Model(positive.inputs, outputs)(x)
        units = {
            (name, at): tf.reduce_sum(maps[name][0, at[0], at[1]])
            for name, row in taps.items()
            for height, width in [row.shape[:2]]
            for at in [(0, 0), (height // 2, width // 2), (0, width - 1)]
        }
    for (name, at), unit in units.items():
        seen = np.abs(tape.gradient(unit, x)[0].numpy()).sum(axis=-1) > 0
        for axis, (field, place) in enumerate(
            zip(taps[name].fields, at, strict=True)
        ):
            pixels = np.flatnonzero(seen.any(axis=1 - axis))
            first, end = field.of(place)
            want = max(first, 0), min(end, x.shape[1 + axis])
            assert (pixels[0], pixels[-1] + 1) == want, (name, at, axis)


def stack(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


STACKS = {
    "same": lambda: [L.Conv2D(2, 3, padding="same") for _ in range(3)],
    "strides": lambda: [
        L.Conv2D(2, 5, strides=2, padding="same"),
        L.MaxPooling2D(3, 2, padding="same"),
        L.Conv2D(2, (1, 3), padding="same"),
        L.ZeroPadding2D(((0, 1), (1, 1))),
        L.DepthwiseConv2D(3, padding="same"),
    ],
    "valid": lambda: [
        L.Conv2D(4, (3, 2)),
        L.AveragePooling2D(2),
        L.SeparableConv2D(2, 3),
        L.Cropping2D((1, 2)),
        L.Conv2D(4, 3, groups=2),
    ],
}


@pytest.mark.parametrize("name", STACKS)
def test_stacks_see_what_has_gradient(name):
    check(stack((32, 36, 1), *STACKS[name]()))


def test_dilated_windows_reach_further():
    model = stack(
        (33, 33, 1),
        L.Conv2D(1, 3, padding="same"),
        L.Conv2D(1, 3, dilation_rate=2, padding="same"),
        L.Conv2D(1, 3, dilation_rate=4, padding="same"),
    )
    check(model)
    assert summary.table(model)[-1].fields[0].size == 15


def test_branches_see_what_the_widest_sees():
    inputs = keras.Input((16, 16, 8))
    x = inception.NaiveInception((4, 4, 4), name="mixed").unroll(inputs)
    model = keras.Model(inputs, x)
    check(model)
    assert summary.table(model)[-1].fields[0].size == 5


@pytest.mark.parametrize(
    ("name", "size", "given"),
    [
        ("lenet5", 32, {}),
        ("resnet20", 32, {"width": 0.25}),
        ("resnet20", 32, {"width": 0.25, "shortcut": "zero_pad"}),
        pytest.param("googlenet", 64, {}, marks=pytest.mark.slow),
        pytest.param(
            "mobilenet_v2", 64, {"width": 0.35}, marks=pytest.mark.slow
        ),
    ],
)
def test_models_see_what_has_gradient(name, size, given):
    check(models.build(name, (size, size, 3), **given))


def test_published_receptive_fields():
    # Araujo et al. (2019), table 1.
    for name, size, stride in (("resnet50", 483, 32), ("vgg16", 212, 32)):
        shape = (64, 64, 3)
        model = models.build(name, shape, include_top=False, width=0.1)
        rows = [row for row in summary.table(model) if row.fields[0].stride]
        field = rows[-1].fields[0]
        assert (field.size, field.stride) == (size, stride), name


def last(*layers, shape):
    return summary.table(stack(shape, *layers))[-1]


def test_parameters_of_the_notes():
    assert last(L.Conv2D(10, 3), shape=(39, 39, 3)).parameters == 280


def adds(*layers, shape):
    rows = summary.table(stack(shape, *layers))
    return sum(row.multiply_adds for row in rows)


def test_multiplications_of_the_notes():
    shape = (28, 28, 192)
    five = L.Conv2D(32, 5, padding="same")
    assert adds(five, shape=shape) == 120_422_400
    reduced = L.Conv2D(16, 1), L.Conv2D(32, 5, padding="same")
    assert adds(*reduced, shape=shape) == 12_443_648
    assert adds(L.Conv2D(5, 3), shape=(6, 6, 3)) == 2160
    apart = L.DepthwiseConv2D(3), L.Conv2D(5, 1)
    assert adds(*apart, shape=(6, 6, 3)) == 672
    assert adds(L.SeparableConv2D(5, 3), shape=(6, 6, 3)) == 672


def test_costs_of_other_layers():
    assert adds(L.Conv2D(8, 3, groups=4), shape=(5, 5, 4)) == 9 * 9 * 8
    assert adds(L.Conv1D(2, 3), shape=(10, 4)) == 8 * 3 * 4 * 2
    assert adds(L.Conv3D(2, 3), shape=(4, 4, 4, 1)) == 8 * 27 * 2
    # A transposed convolution lays its kernel at each input.
    assert adds(L.Conv2DTranspose(2, 3, 2), shape=(4, 4, 5)) == 16 * 9 * 10
    assert adds(L.Dense(7), shape=(3, 2)) == 3 * 2 * 7


def test_totals_are_those_of_keras():
    shared, x = L.Dense(4, name="shared"), keras.Input((4,))
    once = shared(x)
    model = keras.Model(x, L.Add()([once, shared(L.ReLU()(once))]))
    rows = summary.table(model)
    assert sum(row.parameters for row in rows) == model.count_params() == 20
    assert sum(row.name == "shared" for row in rows) == 2
    for name in ("lenet5", "resnet20"):
        model = models.build(name)
        rows = summary.table(model)
        assert sum(r.parameters for r in rows) == model.count_params()
        for row in rows:
            want = model.get_layer(row.name).output.shape[1:]
            assert row.shape == tuple(want)


def test_what_is_not_known_is_not_told():
    inner = keras.Sequential([keras.Input((8, 8, 2)), L.Conv2D(2, 3)])
    rows = summary.table(stack((8, 8, 2), inner, L.Conv2D(1, 3)))
    assert [r.fields is None for r in rows] == [False, True, True]
    assert [r.multiply_adds for r in rows] == [0, None, 16 * 18]
    up = last(L.UpSampling2D(2), shape=(4, 4, 1))
    assert up.fields is None and up.multiply_adds == 0
    with pytest.raises(ValueError, match="known sizes"):
        summary.table(stack((None, 8, 1), L.Conv2D(1, 3)))


def test_a_gate_sees_the_whole():
    inputs = keras.Input((8, 8, 2))
    x = L.Conv2D(2, 3, padding="same")(inputs)
    gate = L.GlobalAveragePooling2D(keepdims=True)(x)
    rows = summary.table(keras.Model(inputs, L.Multiply()([x, gate])))
    assert rows[-1].fields[0].of(5) == (-1, 9)
