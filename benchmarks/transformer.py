"""Tokens a second of training, beside keras_hub's layers of the same size.

    python -m benchmarks.transformer [--width=256] [--batch=256] [--rounds=7]

Both models have the same embeddings, positions, norms and logits, the same
numbers of weights, Adam and cross-entropy; between them are our blocks, or
keras_hub's `TransformerEncoder` and `TransformerDecoder`. Both train on the
same batch of random tokens, with XLA too if `--jit_compile`, and take turns.
Tokens are those of source and target. Times are medians, the ratio the median
of the rounds'. Where other work shares the cores, the CPU's time says more.

With `--dropout=0.1` keras_hub also drops attention weights, as ours don't;
`--dropout=0` compares like with like. Wants `keras-hub`.
"""

import time

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from absl import app, flags

from kerasnotes import models

_WIDTH = flags.DEFINE_integer("width", 256, "Of a token's vector.")
_LAYERS = flags.DEFINE_integer("layers", 3, "Blocks of either side.")
_HEADS = flags.DEFINE_integer("heads", 4, "Of each attention.")
_SIZE = flags.DEFINE_integer("vocabulary", 8000, "Of either side.")
_BATCH = flags.DEFINE_integer("batch", 256, "Pairs at a time.")
_SOURCE = flags.DEFINE_integer("source", 10, "Tokens of a source.")
_TARGET = flags.DEFINE_integer("target", 11, "Tokens of a target.")
_DROPOUT = flags.DEFINE_float("dropout", 0.1, "The share dropped.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each takes its turn.")
_STEPS = flags.DEFINE_integer("steps", 4, "Steps of a turn.")
_JIT = flags.DEFINE_bool("jit_compile", False, "Whether XLA compiles both.")


def ours():
    """Return our model."""
    return models.build(
        "transformer",
        source_size=_SIZE.value,
        target_size=_SIZE.value,
        width=_WIDTH.value,
        layers=_LAYERS.value,
        num_heads=_HEADS.value,
        dropout=_DROPOUT.value,
    )


def hubs():
    """Return the same network of keras_hub's layers."""
    inputs, tables, x = {}, {}, {}
    for side in ("source", "target"):
        inputs[side] = keras.Input((None,), dtype="int32", name=side)
        tables[side] = keras_hub.layers.ReversibleEmbedding(
            _SIZE.value,
            _WIDTH.value,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=_WIDTH.value**-0.5
            ),
        )
        y = tables[side](inputs[side])
        y = keras.layers.Rescaling(_WIDTH.value**0.5)(y)
        y = y + keras_hub.layers.SinePositionEncoding()(y)
        x[side] = keras.layers.Dropout(_DROPOUT.value)(y)
    block = {
        "intermediate_dim": 4 * _WIDTH.value,
        "num_heads": _HEADS.value,
        "dropout": _DROPOUT.value,
        "normalize_first": True,
    }
    mask = keras.ops.not_equal(inputs["source"], 0)
    source, target = x["source"], x["target"]
    for _ in range(_LAYERS.value):
        layer = keras_hub.layers.TransformerEncoder(**block)
        source = layer(source, padding_mask=mask)
    source = keras.layers.LayerNormalization(epsilon=1e-5)(source)
    for _ in range(_LAYERS.value):
        layer = keras_hub.layers.TransformerDecoder(**block)
        target = layer(target, source, encoder_padding_mask=mask)
    target = keras.layers.LayerNormalization(epsilon=1e-5)(target)
    return keras.Model(inputs, tables["target"](target, reverse=True))


def training(model, batch):
    """Return a function that trains for a turn."""
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=_JIT.value,
    )
    data = tf.data.Dataset.from_tensors(batch).repeat()

    def turn():
        model.fit(data, steps_per_epoch=_STEPS.value, verbose=0)

    return turn


def main(_):
    """Print a line for each model."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    source, target, answer = (
        rng.integers(3, _SIZE.value, (_BATCH.value, n)).astype("int32")
        for n in (_SOURCE.value, _TARGET.value, _TARGET.value)
    )
    batch = {"source": source, "target": target}, answer
    both = {"ours": ours(), "keras_hub": hubs()}
    counts = {name: model.count_params() for name, model in both.items()}
    assert len(set(counts.values())) == 1, counts
    turns = {name: training(model, batch) for name, model in both.items()}
    seconds = {name: [] for name in turns}
    for turn in turns.values():
        turn()
    for _ in range(_ROUNDS.value):
        for name, turn in turns.items():
            began = np.array([time.perf_counter(), time.process_time()])
            turn()
            ended = np.array([time.perf_counter(), time.process_time()])
            seconds[name].append(ended - began)
    tokens = _STEPS.value * (source.size + target.size)
    print(f"{counts['ours']:,} parameters")
    print(f"{'':10}tokens/s  ours is  by the CPU")
    for name, times in seconds.items():
        wall, cpu = np.median(np.divide(times, seconds["ours"]), axis=0)
        speed = tokens / np.median(times, axis=0)[0]
        print(f"{name:10}{speed:8.0f}{wall:7.2f} x{cpu:10.2f} x")


if __name__ == "__main__":
    app.run(main)
