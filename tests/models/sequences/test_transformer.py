"""The Transformer: what it sees, how it decodes, what it keeps."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from kerasnotes import models
from kerasnotes.models.sequences import beam_cache

HERE = pathlib.Path(__file__)
SIZES = {
    "source_size": 11,
    "target_size": 9,
    "width": 8,
    "num_heads": 2,
    "layers": 1,
}
SOURCE = np.array([[3, 4, 5, 6, 2], [7, 8, 2, 0, 0], [8, 2, 0, 0, 0]], "int32")
TARGET = np.array([[1, 3, 4, 5], [1, 6, 7, 8], [1, 3, 8, 0]], "int32")
BATCH = {"source": SOURCE, "target": TARGET}
CASES = [
    {"layers": 2, "dropout": 0.4},
    {"normalize_first": False, "intermediate_dim": 5},
    {"source_size": 9, "share_embeddings": True},
]
each_case = pytest.mark.parametrize("arguments", CASES)
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="it is TensorFlow's"
)


def build(**arguments):
    keras.utils.set_random_seed(0)
    model = models.build("transformer", **{**SIZES, **arguments})
    rng = np.random.default_rng(2)
    for weight in model.trainable_weights:
        value = ops.convert_to_numpy(weight)
        weight.assign(value + rng.normal(size=weight.shape, scale=0.2))
    return model


def run(model, batch, training=False):
    """Return the logits, with the dropout of a new model."""
    keras.utils.set_random_seed(0)
    for variable in model.non_trainable_variables:
        variable.assign(np.ones(variable.shape, variable.dtype))
    batch = {k: ops.convert_to_tensor(v) for k, v in batch.items()}
    return ops.convert_to_numpy(model(batch, training=training))


def test_the_sizes_of_its_parts():
    model = models.Transformer(11, 9)
    parts = {"encoder": 4 * 65_792, "decoder": 8 * 65_792}
    hidden = 257 * 1024 + 1025 * 256
    norms = {"encoder": 4 * 256, "decoder": 6 * 256}
    for kind, attention in parts.items():
        for i in (1, 2, 3):
            count = model.get_layer(f"{kind}_{i}").count_params()
            assert count == attention + hidden + norms[kind]
    deviation = ops.std(model.get_layer("source_embedding").embeddings)
    assert float(deviation) == pytest.approx(1 / 16, rel=0.1)


@pytest.mark.parametrize("training", [False, True])
@each_case
def test_no_step_sees_later_ones(arguments, training):
    model = build(**{"dropout": 0.3, **arguments})
    before = run(model, BATCH, training)
    assert training == (not np.allclose(before, run(model, BATCH)))
    for t in range(1, 4):
        target = TARGET.copy()
        target[:, t] = 3 + (target[:, t] + 1) % 6
        after = run(model, {**BATCH, "target": target}, training)
        np.testing.assert_array_equal(after[:, :t], before[:, :t])
        assert np.all(np.any(after[:, t] != before[:, t], -1))


@pytest.mark.parametrize("training", [False, True])
def test_nothing_sees_padding(training):
    model = build(dropout=0.3)
    before = run(model, BATCH, training)
    table = model.get_layer("source_embedding").embeddings
    value = ops.convert_to_numpy(table).copy()
    value[0] += 9
    table.assign(value)
    after = run(model, BATCH, training)
    np.testing.assert_array_equal(after, before)
    if not training:
        wide = np.pad(SOURCE, [(0, 0), (0, 2)])
        after = run(model, {**BATCH, "source": wide})
        np.testing.assert_allclose(after, before, atol=1e-5)


@each_case
def test_steps_equal_teacher_forcing_wherever_they_come_from(
    arguments, monkeypatch
):
    monkeypatch.setattr(beam_cache, "RECENT_STEPS", 4)
    model, rng, width = build(**arguments), np.random.default_rng(0), 3
    memory = model.encode(ops.convert_to_tensor(SOURCE))
    cache = model.start(memory, width, 9)
    tokens = np.ones((3, width, 1), "int32")
    for t in range(9):
        last = ops.convert_to_tensor(tokens[:, :, t])
        logits, cache = model.step(last, t, memory, cache)
        assert tuple(logits.shape) == (3, width, 9)
        # The sources' hypotheses, one source after another.
        batch = {
            "source": np.repeat(SOURCE, width, 0),
            "target": tokens.reshape(3 * width, -1),
        }
        want = run(model, batch)[:, t].reshape(3, width, 9)
        logits = ops.convert_to_numpy(logits)
        np.testing.assert_allclose(logits, want, atol=1e-5)
        parents = rng.integers(0, width, (3, width)).astype("int32")
        cache = model.reorder(cache, ops.convert_to_tensor(parents))
        tokens = np.take_along_axis(tokens, parents[..., None], 1)
        new = rng.integers(3, 9, (3, width, 1)).astype("int32")
        tokens = np.concatenate([tokens, new], -1)


def test_reordering_moves_no_keys_or_values():
    model = build()
    memory = model.encode(ops.convert_to_tensor(SOURCE))
    cache = model.start(memory, 2, 4)
    after = model.reorder(cache, ops.ones((3, 2), "int32"))
    for part in ("past", "recent"):
        assert after[part] is cache[part]


@each_case
def test_the_score_is_the_sum_of_the_steps(arguments):
    model = build(**arguments)
    found = model.beam_search(ops.convert_to_tensor(SOURCE), 3, 5)
    tokens, lengths, log_probs, _ = map(ops.convert_to_numpy, found)
    for w in range(3):
        target = np.pad(tokens[:, w, :-1], [(0, 0), (1, 0)], constant_values=1)
        logits = run(model, {"source": SOURCE, "target": target})
        terms = ops.convert_to_numpy(ops.log_softmax(logits))
        terms = np.take_along_axis(terms, tokens[:, w, :, None], -1)[..., 0]
        want = (terms * (np.arange(5) < lengths[:, w, None])).sum(-1)
        np.testing.assert_allclose(log_probs[:, w], want, atol=1e-4)


@on_tensorflow
def test_width_and_steps_may_be_tensors():
    import tensorflow as tf

    model = build()
    scalar = tf.TensorSpec([], tf.int32)
    shape = tf.TensorSpec([None, None], tf.int32)

    @tf.function(input_signature=[shape, scalar, scalar])
    def search(source, width, steps):
        return model.beam_search(source, width, steps)

    for width in (1, 3):
        found = search(SOURCE, width, 4)
        want = model.beam_search(tf.constant(SOURCE), width, 4)
        np.testing.assert_array_equal(found.tokens, want.tokens)
        np.testing.assert_allclose(found.scores, want.scores, atol=1e-5)


@each_case
def test_attention(arguments):
    model = build(**arguments)
    weights = ops.convert_to_numpy(model.attention(BATCH))
    assert weights.shape == (3, 2, 4, 5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    there = np.broadcast_to(SOURCE[:, None, None] > 0, weights.shape)
    np.testing.assert_array_equal(weights > 0, there)


@each_case
def test_reloads(arguments, tmp_path):
    penalty = keras.regularizers.L2(0.1)
    model = build(kernel_regularizer=penalty, **arguments)
    model.save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert len(loaded.losses) == len(model.losses) > 0
    np.testing.assert_array_equal(run(loaded, BATCH), run(model, BATCH))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    want = run(build(), BATCH)
    keras.config.set_dtype_policy(policy)
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    found = run(model, BATCH)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, want, atol=0.3)
    tokens = model.beam_search(ops.convert_to_tensor(SOURCE), 2, 4).tokens
    assert tuple(tokens.shape) == (3, 2, 4)


def test_a_dtype_of_its_own(tmp_path):
    model = build(dtype="mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    block = model.get_layer("decoder_1")
    assert block.self_attention.query_dense.compute_dtype == "bfloat16"
    assert run(model, BATCH).dtype == "float32"
    model.save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(run(loaded, BATCH), run(model, BATCH))


@on_tensorflow
def test_gradients():
    from kerasnotes.diagnosis.gradient_check import gradient_check

    model = build(dropout=0.0, normalize_first=False)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = gradient_check(model, loss, BATCH, TARGET, samples=8)
    assert found.verdict == "good"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"share_embeddings": True},
            "needs one vocabulary. Received: source_size=11, target_size=9",
        ),
        ({"num_heads": 3}, "Received: num_heads=3"),
        ({"normalize_first": "pre"}, "Received: normalize_first='pre'"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError) as caught:
        models.Transformer(**{**SIZES, **arguments})
    assert message in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    tests = HERE.parents[2]
    names = ("multi_head_attention", "positions", "transformer")
    names += ("transformer_torch",)
    files = [tests / "layers" / f"test_{name}.py" for name in names]
    found = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", HERE, *files),
            tests / "ops" / "test_attention.py",
        ],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=HERE.parents[3],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
