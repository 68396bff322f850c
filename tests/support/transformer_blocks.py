"""Transformer blocks with weights by which all outputs differ."""

import keras
import numpy as np
import pytest

from kerasnotes import layers

HEADS, WIDTH, HIDDEN = 2, 8, 12
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 4, WIDTH)).astype("float32")
SOURCE = RNG.normal(size=(2, 5, WIDTH)).astype("float32")
PADDING = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
CASES = [
    (kind, norm) for kind in ("encoder", "decoder") for norm in ("pre", "post")
]
KINDS = {
    "encoder": layers.TransformerEncoderBlock,
    "decoder": layers.TransformerDecoderBlock,
}
each_case = pytest.mark.parametrize(("kind", "norm"), CASES)
each_norm = pytest.mark.parametrize("norm", ["pre", "post"])


def inputs(kind):
    """Return what a block of a kind is called with."""
    if kind == "encoder":
        return {"inputs": SOURCE, "attention_mask": PADDING}
    return {
        "decoder_sequence": X,
        "encoder_sequence": SOURCE,
        "cross_attention_mask": PADDING,
    }


def run(block, given, **more):
    given = {k: keras.ops.convert_to_tensor(v) for k, v in given.items()}
    return keras.ops.convert_to_numpy(block(**given, **more))


def build(kind, norm, **more):
    block = KINDS[kind](HIDDEN, HEADS, normalize_first=norm == "pre", **more)
    run(block, inputs(kind))
    rng = np.random.default_rng(1)
    for weight in block.weights:
        mean = 1.0 if weight.name == "gamma" else 0.0
        weight.assign(rng.normal(mean, 0.3, weight.shape))
    return block
