"""Images a second of our networks and of keras.applications' own.

    python -m benchmarks.models [--size=224] [--batch=8] [--steps=4]
        [--rounds=5] [--models=resnet50,mobilenet_v2]

A training step (SGD with momentum, cross-entropy, dropout and penalties off)
and inference, on one batch of random pictures, in turn in one process; who
goes first changes with each round. It prints the median of each and the
median of the rounds' ratios: above 1 ours is faster. On a GPU it uses
mixed_bfloat16 and XLA.
"""

import argparse
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import models

THEIRS = {
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "resnet50": "ResNet50",
    "vgg16": "VGG16",
}


def build(name, size, jit):
    """Return our model and theirs, compiled alike, by whose it is."""
    theirs = getattr(keras.applications, THEIRS[name])
    shape = (size, size, 3)
    found = {
        "ours": models.build(name, shape),
        "theirs": theirs(
            weights=None, input_shape=shape, classifier_activation=None
        ),
    }
    for model in found.values():
        model.compile(
            keras.optimizers.SGD(1e-3, 0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=jit,
        )
    return found


def seconds(model, mode, batches, steps):
    """Return how long so many steps take."""
    began = time.perf_counter()
    if mode == "train":
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    else:
        model.predict(batches, steps=steps, verbose=0)
    return time.perf_counter() - began


def compare(found, mode, batches, args):
    """Return the images a second of each round, by whose they are."""
    speeds = {whose: [] for whose in found}
    for whose in found:
        # Compiles.
        seconds(found[whose], mode, batches, 1)
    for i in range(args.rounds):
        for whose in list(found)[:: 1 if i % 2 else -1]:
            taken = seconds(found[whose], mode, batches, args.steps)
            speeds[whose].append(args.steps * args.batch / taken)
    return speeds


def main():
    """Print a line for each model and mode."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default="resnet50,mobilenet_v2")
    for name, default in (
        ("size", 224),
        ("batch", 8),
        ("steps", 4),
        ("rounds", 5),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    gpu = bool(tf.config.list_physical_devices("GPU"))
    if gpu:
        keras.config.set_dtype_policy("mixed_bfloat16")
    rng = np.random.default_rng(0)
    shape = (args.batch, args.size, args.size, 3)
    x = rng.uniform(-1, 1, shape).astype("float32")
    y = rng.integers(0, 1000, args.batch)
    batches = tf.data.Dataset.from_tensors((x, y)).repeat().prefetch(2)
    device = "GPU, mixed_bfloat16, XLA" if gpu else "CPU, float32"
    print(f"{device}; {args.size}×{args.size}, batches of {args.batch}")
    for name in args.models.split(","):
        found = build(name, args.size, gpu)
        for mode in ("train", "inference"):
            speeds = compare(found, mode, batches, args)
            ratio = statistics.median(
                ours / theirs
                for ours, theirs in zip(*speeds.values(), strict=True)
            )
            ours, theirs = map(statistics.median, speeds.values())
            print(
                f"{name} {mode}: {ours:.1f} images/s, theirs {theirs:.1f}; "
                f"ratio {ratio:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
