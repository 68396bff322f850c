"""Every public layer is registered by its package, and reloads."""

import keras
import numpy as np
import pytest

from kerasnotes import layers, ops
from tests.support import forks

X = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("float32")
PICTURES = X.reshape(1, 4, 4, 4)
BOXES = np.array([[[0.0, 1, 6, 7], [3, 3, 8, 5]]], "float32")
GRIDS = ops.Grids((8, 16), (4,), (((3, 4),),), classes=1)
ANCHORS = np.random.default_rng(1).normal(size=(2, 8, 5)).astype("float32")

REGIONS = PICTURES[None]
LABELS = np.array([[2.0]], "float32")
TRUTH = np.array([[[0, 1, 6, 6, 1], [-1] * 5]], "float32")
ANSWERS = np.concatenate([BOXES, X.reshape(1, -1)[:, :12].reshape(1, 2, 6)], -1)

# How each layer's docstring calls it, as a layer and its inputs.
CALLS = {
    "AdditiveAttention": lambda: (layers.AdditiveAttention(4), X, X),
    "AttentionRNN": lambda: (
        layers.AttentionRNN(layers.AttentionCell(layers.GRUCell(4), 3)),
        X,
        X,
    ),
    "BilinearUpsampling": lambda: (layers.BilinearUpsampling(), PICTURES),
    "ConvolutionalBlock": lambda: (
        layers.ConvolutionalBlock(4),
        PICTURES,
    ),
    "CropLike": lambda: (layers.CropLike(), PICTURES, PICTURES[:, :3, :2]),
    "DepthwiseSeparable": lambda: (layers.DepthwiseSeparable(6), PICTURES),
    "GRUCell": lambda: (keras.layers.RNN(layers.GRUCell(4)), X),
    "IdentityBlock": lambda: (layers.IdentityBlock(4), PICTURES),
    "Inception": lambda: (layers.Inception((2, (2, 3), (2, 3), 2)), PICTURES),
    "InvertedResidual": lambda: (layers.InvertedResidual(6), PICTURES),
    "LSTMCell": lambda: (keras.layers.RNN(layers.LSTMCell(4)), X),
    "LocalResponseNormalization": lambda: (
        layers.LocalResponseNormalization(),
        PICTURES,
    ),
    "MaskHead": lambda: (layers.MaskHead(3, 4), REGIONS, LABELS),
    "MaskRegions": lambda: (layers.MaskRegions(3), BOXES, TRUTH),
    "MultiHeadAttention": lambda: (layers.MultiHeadAttention(4), X, X),
    "NaiveInception": lambda: (layers.NaiveInception((2, 3, 2)), PICTURES),
    "RegionDetections": lambda: (
        layers.RegionDetections(1, (8, 8), 3),
        ANSWERS,
    ),
    "RegionProposals": lambda: (layers.RegionProposals(GRIDS, 3), ANCHORS),
    "RoIAlign": lambda: (layers.RoIAlign(2, 2), PICTURES, BOXES),
    "RoIPooling": lambda: (layers.RoIPooling(2, 2), PICTURES, BOXES),
    "SinusoidalPositions": lambda: (layers.SinusoidalPositions(), X),
    "SoftArgmax": lambda: (layers.SoftArgmax(), PICTURES),
    "Standardization": lambda: (
        layers.Standardization([1.0, 2.0, 3.0, 4.0], 2.0),
        PICTURES,
    ),
    "TransformerDecoderBlock": lambda: (
        layers.TransformerDecoderBlock(16, 2),
        X,
        X,
    ),
    "TransformerEncoderBlock": lambda: (
        layers.TransformerEncoderBlock(16, 2),
        X,
    ),
    "ZeroPadChannels": lambda: (layers.ZeroPadChannels(6), PICTURES),
}
# Bases, and the cell that AttentionRNN runs.
INSIDE = {"AttentionCell", "Block", "KernelBlock"}

RELOAD = """
import pathlib, sys
import keras, numpy as np
import kerasnotes.layers
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    model = keras.saving.load_model(path)
    with np.load(path.with_suffix(".npz")) as file:
        inputs = [file[f"input_{i}"] for i in range(len(model.inputs))]
        outputs = model(inputs)
        np.testing.assert_allclose(outputs, file["outputs"], atol=1e-5)
    print(path.stem)
"""


def test_every_layer_has_a_call():
    assert set(layers.__all__) == CALLS.keys() | INSIDE


@pytest.mark.parametrize("name", CALLS)
def test_open_channels_are_refused_by_the_arguments_name(name):
    layer, *arrays = CALLS[name]()
    symbols = [keras.Input((*x.shape[1:-1], None)) for x in arrays]
    with pytest.raises(ValueError, match=r"`\w+` must have .*Received: "):
        layer(*symbols)


def halves(shape, dtype=None):
    """An initialiser that is a function."""
    return keras.ops.full(shape, 0.5, dtype)


@pytest.mark.parametrize(
    "name",
    [
        "ConvolutionalBlock",
        "DepthwiseSeparable",
        "GRUCell",
        "IdentityBlock",
        "Inception",
        "InvertedResidual",
        "LSTMCell",
        "MultiHeadAttention",
        "NaiveInception",
        "TransformerDecoderBlock",
        "TransformerEncoderBlock",
    ],
)
def test_functions_are_initialisers(name):
    layer, *arrays = CALLS[name]()
    layer = getattr(layer, "cell", layer)
    config = layer.get_config()
    names = {n for n in config if n.endswith("_initializer")}
    layer = type(layer)(**config | dict.fromkeys(names, halves))
    if hasattr(layer, "state_size"):
        layer.build((2, 8))
    else:
        layer(*arrays)
    assert any(np.all(w == 0.5) for w in layer.weights)


@pytest.mark.parametrize(
    "name",
    [
        "MultiHeadAttention",
        "TransformerDecoderBlock",
        "TransformerEncoderBlock",
    ],
)
def test_quantised_layers_reload(name, tmp_path):
    layer, *arrays = CALLS[name]()
    symbols = [keras.Input(x.shape[1:]) for x in arrays]
    model = keras.Model(symbols, layer(*symbols))
    model.quantize("int8")
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(arrays), model(arrays), atol=1e-5)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a folder of models of one layer each, with their outputs."""
    folder = tmp_path_factory.mktemp("layers")
    for name, call in CALLS.items():
        layer, *arrays = call()
        symbols = [keras.Input(x.shape[1:]) for x in arrays]
        model = keras.Model(symbols, layer(*symbols))
        model.save(folder / f"{name}.keras")
        outputs = model(arrays, training=False)
        inputs = {f"input_{i}": x for i, x in enumerate(arrays)}
        np.savez(folder / f"{name}.npz", outputs=outputs, **inputs)
    return folder


def test_layers_reload_after_one_import(saved, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(RELOAD)
    assert forks.run(program, saved).split() == sorted(CALLS)
