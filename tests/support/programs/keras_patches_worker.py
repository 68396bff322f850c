"""What one worker comes to: `keras_patches_worker.py FILE`, with TF_CONFIG."""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.training.distribute import keras_patches

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=[64, 3]), RNG.integers(0, 3, 64)


def batches(first, size):
    rows = slice(first, first + size)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    dataset = tf.data.Dataset.from_tensor_slices((X[rows], Y[rows])).batch(8)
    return dataset.with_options(options)


def run(strategy, steps_per_execution):
    """The last batches of 5 and of 3 rows are uneven and empty parts."""
    keras.utils.set_random_seed(1)
    with strategy.scope():
        layers = [keras.layers.Dense(4, "tanh"), keras.layers.Dense(3)]
        model = keras.Sequential([keras.Input([3]), *layers])
        model.compile(
            keras.optimizers.Adam(0.05),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
            steps_per_execution=steps_per_execution,
            # As trainers have it under any strategy.
            jit_compile=False,
        )
    fit = model.fit(
        batches(0, 32), validation_data=batches(32, 21), epochs=2, verbose=0
    )
    evaluated = model.evaluate(batches(32, 19), return_dict=True, verbose=0)
    points = batches(32, 19).map(lambda x, y: x)
    predicted = model.predict(points, verbose=0)
    return {
        "fit": fit.history,
        "evaluate": evaluated,
        "weights": [weight.tolist() for weight in model.get_weights()],
        "state": [v.numpy().tolist() for v in model.optimizer.variables],
        "predict": predicted.tolist(),
    }


def error_without(mend, strategy):
    """Return what goes wrong without that mend, or None."""
    owner, name, _ = mend
    mended = getattr(owner, name)
    setattr(owner, name, mended.__wrapped__)
    try:
        run(strategy, steps_per_execution=2)
    except Exception as error:
        return repr(error)
    finally:
        setattr(owner, name, mended)


def outcomes(strategy):
    """Return what comes of steps one by one, and of two in a call."""
    return {"runs": [run(strategy, 1), run(strategy, 2)]}


def main(path):
    keras.backend.set_floatx("float64")
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    keras_patches.mend()
    both = outcomes(strategy)
    both["errors"] = {
        mend[1]: error_without(mend, strategy) for mend in keras_patches.PATCHES
    }
    with open(path, "w") as file:
        json.dump(both, file)


if __name__ == "__main__":
    main(sys.argv[1])
