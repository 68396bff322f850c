"""Depth with and without shortcuts: the training loss of four networks.

    python -m benchmarks.residual [--epochs=6] [--size=8] [--seeds=1]

Plain and residual networks of 20 and 56 layers learn the digits by SGD of
momentum 0.9, all from the same order of the same batches. Prints loss and
error on the training set over the last epoch, as they were when each batch
came: not what a network generalises to, but whether it can be trained.

Source: He et al., Deep residual learning for image recognition (2015),
figures 1 and 6.
"""

import time

import keras
import numpy as np
import sklearn.datasets
from absl import app, flags

from kerasnotes import models

_EPOCHS = flags.DEFINE_integer("epochs", 6, "Passes over the digits.")
_SIZE = flags.DEFINE_integer("size", 8, "Side of a picture.")
_SEEDS = flags.DEFINE_integer("seeds", 1, "Seeds, from 0.")
_RATE = flags.DEFINE_float("learning_rate", 0.03, "The learning rate.")

NAMES = ("plain20", "plain56", "resnet20", "resnet56")


def train(name, x, y, seed):
    """Return the loss and the error of the last epoch."""
    keras.utils.set_random_seed(seed)
    model = models.build(name, x.shape[1:], mean=x.mean(), std=x.std())
    model.compile(
        keras.optimizers.SGD(_RATE.value, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # To compile takes longer than to train.
        jit_compile=False,
    )
    found = model.fit(x, y, batch_size=64, epochs=_EPOCHS.value, verbose=0)
    return found.history["loss"][-1], 1 - found.history["accuracy"][-1]


def main(_):
    """Print a row for each network."""
    digits = sklearn.datasets.load_digits()
    x = digits.images[..., None].astype("float32") * (255 / 16)
    x = np.asarray(keras.ops.image.resize(x, (_SIZE.value, _SIZE.value)))
    print(f"{'':10}training loss  error  seconds")
    for name in NAMES:
        began = time.perf_counter()
        runs = [train(name, x, digits.target, s) for s in range(_SEEDS.value)]
        loss, error = np.mean(runs, axis=0)
        seconds = time.perf_counter() - began
        print(f"{name:10}{loss:13.4f} {error:6.2%} {seconds:8.0f}", flush=True)


if __name__ == "__main__":
    app.run(main)
