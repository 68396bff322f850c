"""How much XLA speeds each model's training step, on the device at hand.

    python -m benchmarks.xla [--models=mlp,lenet5] [--size=32] [--channels=3]
        [--batch=64] [--steps=20] [--rounds=5] [--precision=float32]

Each model is compiled twice, with XLA and without, on the same weights, and
takes so many steps of Adam on one batch of random pictures by either in turn;
who goes first changes with each round. It prints the median milliseconds of a
step, the median of the rounds' ratios (above 1 XLA is faster), the same of the
process's CPU time, which neighbours on the machine disturb less, and what
XLA's compilation takes: the seconds of the first step, and after how many
steps they are won back. `kerasnotes/models/xla.py` holds the ratios of the
CPU time, and `--jit_compile=auto` goes by them.
"""

import argparse
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import models

MODELS = "softmax_regression,mlp,lenet5,resnet20,mobilenet_v2"
KINDS = {"plain": False, "xla": True}


def build(name, shape, jit):
    """Returns a compiled model, alike but for XLA."""
    keras.utils.set_random_seed(0)
    model = models.build(name, shape, classes=10)
    model.compile(
        keras.optimizers.Adam(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=jit,
    )
    return model


def seconds(model, batches, steps):
    """Returns the wall and CPU seconds that so many steps take."""
    began, cpu = time.perf_counter(), time.process_time()
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return time.perf_counter() - began, time.process_time() - cpu


def measure(name, batches, args):
    """Returns the first seconds, and each round's `(wall, CPU)`, by kind."""
    shape = batches.element_spec[0].shape[1:]
    found = {kind: build(name, shape, jit) for kind, jit in KINDS.items()}
    first = {k: seconds(m, batches, 1)[0] for k, m in found.items()}
    taken = {kind: [] for kind in found}
    for i in range(args.rounds):
        for kind in list(found)[:: 1 if i % 2 else -1]:
            taken[kind].append(seconds(found[kind], batches, args.steps))
    return first, taken


def line(name, first, taken, steps):
    """Returns the row of a model."""
    pairs = list(zip(taken["plain"], taken["xla"], strict=True))
    wall, cpu = (
        statistics.median(plain[i] / xla[i] for plain, xla in pairs)
        for i in (0, 1)
    )
    plain, xla = (
        statistics.median(w for w, _ in rounds) / steps
        for rounds in taken.values()
    )
    extra, gain = first["xla"] - first["plain"], plain - xla
    back = f"{max(extra, 0) / gain:8.0f}" if gain > 0 else "   never"
    return (
        f"{name:20} {1000 * plain:9.2f} {1000 * xla:9.2f} {wall:7.2f} "
        f"{cpu:7.2f} {first['xla']:8.1f} {back}"
    )


def device():
    """Returns the name of the device that trains."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return details.get("device_name", "GPU")


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--precision", default="float32")
    for name, default in (
        ("size", 32),
        ("channels", 3),
        ("batch", 64),
        ("steps", 20),
        ("rounds", 5),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    keras.config.set_dtype_policy(args.precision)
    rng = np.random.default_rng(0)
    shape = (args.batch, args.size, args.size, args.channels)
    x = rng.uniform(0, 255, shape)
    y = rng.integers(0, 10, args.batch)
    rows = tf.data.Dataset.from_tensors((x.astype("float32"), y))
    batches = rows.repeat().prefetch(2)
    print(
        f"{device()}, {args.precision}; batches {shape}; ms a step\n"
        f"{'model':20} {'plain':>9} {'XLA':>9} {'ratio':>7} {'CPU':>7} "
        f"{'first s':>8} {'won back':>8}"
    )
    for name in args.models.split(","):
        found = measure(name, batches, args)
        print(line(name, *found, args.steps), flush=True)


if __name__ == "__main__":
    main()
