"""Sentences a second of beam search, beside what one would do otherwise.

    python -m benchmarks.decoding [--batch=16] [--rounds=5]

A Transformer of random weights, as `models.build` makes it, searches with a
beam of 4 from sources of 24 tokens. END has no probability, so that every
search takes all its steps. All are compiled by `tf.function`, without XLA,
see the same batches and take turns; times are medians, ratios the medians of
the rounds'. Where other work shares the cores, the CPU's time says more.

- `cached`: `model.beam_search`'s way, with `model.step`.
- `recomputed`: the same search, whose step runs the decoder on the whole
  prefix; the source is encoded once, and logits are those of the last
  position alone.
- `keras_hub`: its `BeamSampler` around the same `model.step`, with a row for
  each hypothesis as it wants; what is known of the source is repeated for
  them once, and only the decoder's cache follows the beams. Wants
  `keras-hub`.

Then the time for a token of the cached search, the source's encoding apart,
for several lengths.
"""

import math
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from keras import ops

from kerasnotes import decoding, models
from kerasnotes.ops import END, START

try:
    import keras_hub
except ImportError:
    keras_hub = None

_BATCH = flags.DEFINE_integer("batch", 16, "Sources at a time.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "How often each takes its turn.")
_STEPS = flags.DEFINE_integer("steps", 64, "Tokens of an answer.")

VOCABULARY, SOURCE, BEAM = 8000, 24, 4
LENGTHS = (16, 32, 64, 128)


def endless(logits):
    """Return logits under which nothing ends."""
    ends = ops.arange(VOCABULARY) == END
    return ops.where(ends, -math.inf, logits)


def search(step, cache, batch, steps, reorder):
    """Return the best sequences, `(batch, steps)`."""
    start = ops.full((batch,), START, "int32")
    found = decoding.beam_search(
        step, cache, start, steps, BEAM, reorder=reorder
    )
    return found.tokens[:, 0]


def cached(model, memory, batch, steps):
    """Search as the model does."""

    def step(tokens, position, cache):
        logits, cache = model.step(tokens, position, memory, cache)
        return endless(logits), cache

    cache = model.start(memory, BEAM, steps)
    return search(step, cache, batch, steps, model.reorder)


def recomputed(model):
    """Return a search that runs the decoder on all tokens so far."""
    encoded, decoded = (
        model.get_layer(name).output
        for name in ("encoder_norm", "decoder_norm")
    )
    source, target = model.input["source"], model.input["target"]
    encode = keras.Model(source, encoded)
    # The mask of the padding follows from the source.
    decode = keras.Model([encoded, source, target], decoded)
    head = model.get_layer("target_embedding")

    def run(source, steps):
        batch = source.shape[0]
        memory = [ops.repeat(x, BEAM, axis=0) for x in (encode(source), source)]

        def step(tokens, position, seen):
            seen = ops.where(
                ops.arange(steps) == position, tokens[..., None], seen
            )
            rows = ops.reshape(seen, (batch * BEAM, steps))
            x = decode([*memory, rows[:, : position + 1]])
            logits = head(x[:, -1], reverse=True)
            return endless(ops.reshape(logits, (batch, BEAM, -1))), seen

        cache = ops.zeros((batch, BEAM, steps), "int32")
        return search(step, cache, batch, steps, decoding.reorder)

    return run


def hub(model, source, steps):
    """Search with keras_hub's sampler."""
    memory = model.encode(source)
    cache = model.start(memory, 1, steps)
    memory = keras.tree.map_structure(
        lambda x: ops.repeat(x, BEAM, axis=0), memory
    )

    def following(prompt, cache, index):
        tokens = prompt[:, index - 1][:, None]
        logits, cache = model.step(tokens, index - 1, memory, cache)
        return endless(logits)[:, 0], None, cache

    prompt = ops.zeros((source.shape[0], steps + 1), "int32")
    first = ops.arange(steps + 1) == 0
    found = keras_hub.samplers.BeamSampler(BEAM)(
        following,
        ops.where(first, START, prompt),
        cache,
        index=1,
        mask=ops.logical_and(first, ops.ones_like(prompt, "bool")),
    )
    return found[:, 1:]


def take_turns(ways):
    """Return the answers, and for each way a row a round.

    A row is seconds, and the CPU's seconds.
    """
    answers = {name: way().numpy() for name, way in ways.items()}
    seconds = {name: [] for name in ways}
    for _ in range(_ROUNDS.value):
        for name, way in ways.items():
            began = np.array([time.perf_counter(), time.process_time()])
            way().numpy()
            ended = np.array([time.perf_counter(), time.process_time()])
            seconds[name].append(ended - began)
    return answers, {name: np.array(rows) for name, rows in seconds.items()}


def compare(model, source):
    """Print the ways' sentences a second."""
    steps, batch = _STEPS.value, source.shape[0]
    recompute = recomputed(model)
    ways = {
        "cached": tf.function(
            lambda: cached(model, model.encode(source), batch, steps)
        ),
        "recomputed": tf.function(lambda: recompute(source, steps)),
    }
    if keras_hub:
        ways["keras_hub"] = tf.function(lambda: hub(model, source, steps))
    answers, seconds = take_turns(ways)
    print(f"{steps} steps, batches of {batch}, beam {BEAM}")
    print(f"{'':10}  sentences/s  cached is  by the CPU  same answers")
    for name, times in seconds.items():
        same = np.mean(np.all(answers[name] == answers["cached"], axis=1))
        wall, cpu = np.median(times / seconds["cached"], axis=0)
        speed = batch / np.median(times[:, 0])
        print(
            f"{name:10}{speed:13.2f}{wall:9.1f} x{cpu:10.1f} x{same:14.0%}",
            flush=True,
        )


def curve(model, source):
    """Print the time for a token, by the most steps."""
    memory = model.encode(source)
    batch = source.shape[0]
    ways = {
        steps: tf.function(
            lambda steps=steps: cached(model, memory, batch, steps)
        )
        for steps in LENGTHS
    }
    _, seconds = take_turns(ways)
    times = {n: 1000 * rows / n for n, rows in seconds.items()}
    print(f"steps  ms/token  over {LENGTHS[0]}  by the CPU")
    for steps, found in times.items():
        wall, cpu = np.median(found / times[LENGTHS[0]], axis=0)
        print(
            f"{steps:5}{np.median(found[:, 0]):10.2f}{wall:9.2f}{cpu:12.2f}",
            flush=True,
        )


def main(_):
    """Print both tables."""
    keras.utils.set_random_seed(0)
    model = models.build(
        "transformer", source_size=VOCABULARY, target_size=VOCABULARY
    )
    # Random weights repeat one token; these tell hypotheses apart.
    for weight in model.weights:
        if len(weight.shape) > 1:
            weight.assign(1.5 * weight)
    shape = (_BATCH.value, SOURCE)
    source = np.random.default_rng(0).integers(3, VOCABULARY, shape)
    source = tf.constant(source, tf.int32)
    compare(model, source)
    curve(model, source)


if __name__ == "__main__":
    app.run(main)
