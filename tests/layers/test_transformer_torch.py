"""Blocks against torch's, by arrays that it made: torch need not be there.

`python -m tests.layers.test_transformer_torch` makes the arrays anew.
"""

import pathlib

import keras
import numpy as np
import pytest

from kerasnotes import layers, models
from tests.support.transformer_blocks import (
    CASES,
    HEADS,
    HIDDEN,
    PADDING,
    SOURCE,
    WIDTH,
    X,
    build,
    each_case,
    each_norm,
    inputs,
    run,
)

GOLDEN = pathlib.Path(__file__).parent / "golden" / "transformer.npz"


def torch_state(block):
    """Return our weights by torch's names."""
    state = {}

    def dense(name, layer):
        state[f"{name}.weight"] = np.array(layer.kernel).T
        state[f"{name}.bias"] = np.array(layer.bias)

    def norm(name, layer):
        state[f"{name}.weight"] = np.array(layer.gamma)
        state[f"{name}.bias"] = np.array(layer.beta)

    parts = [(block.self_attention, block.self_attention_norm, "self_attn")]
    if hasattr(block, "cross_attention"):
        parts.append(
            (
                block.cross_attention,
                block.cross_attention_norm,
                "multihead_attn",
            )
        )
    for i, (attention, its_norm, name) in enumerate(parts, start=1):
        three = (
            attention.query_dense,
            attention.key_dense,
            attention.value_dense,
        )
        kernels = [np.array(layer.kernel).T for layer in three]
        biases = [np.array(layer.bias) for layer in three]
        state[f"{name}.in_proj_weight"] = np.concatenate(kernels)
        state[f"{name}.in_proj_bias"] = np.concatenate(biases)
        dense(f"{name}.out_proj", attention.output_dense)
        norm(f"norm{i}", its_norm)
    dense("linear1", block.feedforward_1)
    dense("linear2", block.feedforward_2)
    norm(f"norm{len(parts) + 1}", block.feedforward_norm)
    return state


def torch_layer(block):
    """Return torch's layer with our weights."""
    import torch

    cls = torch.nn.TransformerEncoderLayer
    if isinstance(block, layers.TransformerDecoderBlock):
        cls = torch.nn.TransformerDecoderLayer
    layer = cls(
        WIDTH,
        HEADS,
        HIDDEN,
        dropout=0.0,
        batch_first=True,
        norm_first=block.normalize_first,
    )
    state = torch_state(block)
    layer.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    return layer


def by_torch(kind, norm):
    """Return what torch's layer gives with the same weights."""
    import torch

    layer = torch_layer(build(kind, norm))
    hidden = torch.tensor(~PADDING)
    x, source = torch.tensor(X), torch.tensor(SOURCE)
    if kind == "encoder":
        y = layer(source, src_key_padding_mask=hidden)
    else:
        ahead = torch.tensor(~np.tril(np.ones((4, 4), bool)))
        y = layer(x, source, tgt_mask=ahead, memory_key_padding_mask=hidden)
    return y.detach().numpy()


TOKENS = {
    "source": np.array([[3, 4, 5, 2, 0], [6, 3, 4, 6, 2]], "int32"),
    "target": np.array([[1, 3, 4, 4], [1, 5, 3, 4]], "int32"),
}


def whole(norm):
    """Return a Transformer of such blocks."""
    model = models.Transformer(
        7,
        6,
        WIDTH,
        layers=2,
        num_heads=HEADS,
        intermediate_dim=HIDDEN,
        normalize_first=norm == "pre",
    )
    rng = np.random.default_rng(2)
    for weight in model.weights:
        if "float" in weight.dtype:
            mean = 1.0 if weight.name == "gamma" else 0.0
            weight.assign(rng.normal(mean, 0.3, weight.shape))
    return model


def whole_by_torch(norm):
    """Return the logits of torch's Transformer with the same weights."""
    import torch

    model = whole(norm)

    def embed(side):
        table = np.array(model.get_layer(f"{side}_embedding").embeddings)
        position = np.arange(TOKENS[side].shape[1])[:, None]
        i = np.arange(WIDTH // 2)
        angles = position / 10000 ** (2 * i / WIDTH)
        codes = np.stack([np.sin(angles), np.cos(angles)], -1)
        x = table[TOKENS[side]] * WIDTH**0.5
        x = x + codes.reshape(-1, WIDTH)
        return torch.tensor(x.astype("float32"))

    def stack(kind):
        blocks = [model.get_layer(f"{kind}_{i}") for i in (1, 2)]
        last = None
        if norm == "pre":
            last = torch.nn.LayerNorm(WIDTH)
            own = model.get_layer(f"{kind}_norm")
            last.weight.data = torch.tensor(np.array(own.gamma))
            last.bias.data = torch.tensor(np.array(own.beta))
        cls = {
            "encoder": torch.nn.TransformerEncoder,
            "decoder": torch.nn.TransformerDecoder,
        }[kind]
        found = cls(torch_layer(blocks[0]), 2, norm=last)
        found.layers = torch.nn.ModuleList(map(torch_layer, blocks))
        return found

    both = torch.nn.Transformer(WIDTH, HEADS, 1, 1, batch_first=True)
    both.encoder, both.decoder = stack("encoder"), stack("decoder")
    hidden = torch.tensor(TOKENS["source"] == 0)
    y = both(
        embed("source"),
        embed("target"),
        tgt_mask=torch.tensor(~np.tril(np.ones((4, 4), bool))),
        src_key_padding_mask=hidden,
        memory_key_padding_mask=hidden,
    )
    table = np.array(model.get_layer("target_embedding").embeddings)
    return y.detach().numpy() @ table.T


@each_norm
def test_the_whole_against_torch(norm):
    found = keras.ops.convert_to_numpy(whole(norm)(TOKENS))
    with np.load(GOLDEN) as file:
        np.testing.assert_allclose(found, file[f"whole_{norm}"], atol=1e-5)


@each_norm
def test_the_whole_against_torch_itself(norm):
    pytest.importorskip("torch")
    found = keras.ops.convert_to_numpy(whole(norm)(TOKENS))
    np.testing.assert_allclose(found, whole_by_torch(norm), atol=1e-5)


@each_case
def test_against_torch(kind, norm):
    found = run(build(kind, norm), inputs(kind))
    with np.load(GOLDEN) as file:
        np.testing.assert_allclose(found, file[f"{kind}_{norm}"], atol=1e-5)


@each_case
def test_against_torch_itself(kind, norm):
    pytest.importorskip("torch")
    found = run(build(kind, norm), inputs(kind))
    np.testing.assert_allclose(found, by_torch(kind, norm), atol=1e-5)


if __name__ == "__main__":
    arrays = {f"{k}_{n}": by_torch(k, n) for k, n in CASES}
    arrays |= {f"whole_{n}": whole_by_torch(n) for n in ("pre", "post")}
    np.savez(GOLDEN, **arrays)
