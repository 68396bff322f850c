"""Images a second of augmentation, beside Keras and albumentations.

    python -m benchmarks.augmentation

Random crop, mirroring, turn, shear, brightness and contrast, with the same
ranges, from bytes to the float32 that a model takes. All run in a
`Dataset.map` over batches with as many parallel calls as there are cores:
Keras' random layers as they are, albumentations' `Compose` picture by picture
in a `tf.numpy_function` as our policy's OpenCV calls are, one `Compose` a
call so that threads share none. albumentations turns and shears in one
`Affine`. Keras draws one crop for a whole batch, the others one a picture.
All take turns in one process; a ratio is the median of the rounds'. Where
other work shares the cores, the CPU's time for a picture says more.

Wants `opencv-python-headless` and, for its rows, `albumentations`.
"""

import os
import time

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import named, warping

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
try:
    import albumentations
except ImportError:
    albumentations = None

CORES = len(os.sched_getaffinity(0))
ROUNDS, SECONDS = 7, 1.0
TURN, SHEAR, COLOUR = 15, 10, 0.2
# Batch, side of the pictures and of the crops, the goals over Keras and
# albumentations.
SIZES = [(32, 256, 224, 8, 0.8), (128, 40, 32, 5, "none")]


def ours(size):
    """Return the public policy with the numbers that it draws on."""
    policy = named.build(
        f"standard:crop=1,rotate={TURN},shear={SHEAR},"
        f"brightness={COLOUR},contrast={COLOUR}"
    )

    def run(images, step):
        numbers = [len(images), policy.width]
        numbers = tf.random.stateless_uniform(numbers, [0, step])
        return policy(images, numbers, size)[0]

    return run


def warp_alone(size, by):
    """Return the warp without the colours."""
    geometry = warping.Geometry(mirror=True, rotate=TURN, shear=SHEAR)

    def run(images, step):
        numbers = [len(images), geometry.width]
        numbers = tf.random.stateless_uniform(numbers, [0, step])
        return warping.apply(images, numbers, geometry, size, by)

    return run


def keras_layers(size):
    """Return Keras' chain."""
    slant = np.tan(np.radians(SHEAR))
    layers = [
        keras.layers.RandomCrop(*size),
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomRotation(TURN / 360),
        keras.layers.RandomShear(slant, slant),
        keras.layers.RandomBrightness(COLOUR),
        keras.layers.RandomContrast(COLOUR),
    ]

    def run(images, step):
        for layer in layers:
            images = layer(images, training=True)
        return images

    return run


def albumentations_chain(size):
    """Return albumentations' chain."""

    def compose():
        return albumentations.Compose(
            [
                albumentations.RandomCrop(*size),
                albumentations.HorizontalFlip(p=0.5),
                albumentations.Affine(
                    rotate=(-TURN, TURN),
                    shear={"x": (-SHEAR, SHEAR), "y": (-SHEAR, SHEAR)},
                    border_mode=2,
                    p=1,
                ),
                albumentations.RandomBrightnessContrast(COLOUR, COLOUR, p=1),
            ]
        )

    free = [compose() for _ in range(2 * CORES)]

    def batch(images):
        chain = free.pop()
        moved = np.stack([chain(image=image)["image"] for image in images])
        free.append(chain)
        return moved

    def run(images, step):
        moved = tf.numpy_function(batch, [images], tf.uint8)
        return tf.ensure_shape(moved, [len(images), *size, 3])

    return run


def copy(size):
    """Return the plain copy of a batch: its middle."""
    return lambda images, step: images[:, : size[0], : size[1]]


def dataset(run, images):
    """Return endless batches as a model takes them."""
    return tf.data.Dataset.counter().map(
        lambda step: tf.cast(run(images, step), tf.float32),
        num_parallel_calls=CORES,
    )


def seconds(data, steps):
    """Time some batches, none of them made ahead.

    They are taken within TensorFlow, as `fit` does: a loop in Python would
    compete with the maps for the interpreter's lock.
    """
    began = time.perf_counter()
    data.take(steps).reduce(0, lambda count, batch: count + 1).numpy()
    return time.perf_counter() - began


def compare(batch, source, target, chains):
    """Measures the chains in turn.

    Returns:
        For each name, a row a round: seconds and the CPU's seconds a picture.
    """
    shape = (batch, source, source, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    images, steps = tf.constant(images), {}
    data = {name: dataset(run, images) for name, run in chains.items()}
    for name, batches in data.items():
        seconds(batches, 2 * CORES)
        once = seconds(batches, 2 * CORES) / (2 * CORES)
        steps[name] = max(2 * CORES, round(SECONDS / once))
    taken = {name: [] for name in data}
    for _ in range(ROUNDS):
        for name, batches in data.items():
            before = time.process_time()
            both = [seconds(batches, steps[name]), time.process_time() - before]
            taken[name].append(np.array(both) / (batch * steps[name]))
    return {name: np.array(rows) for name, rows in taken.items()}


def faster(taken, other, goal):
    """Describe how much faster ours is than another."""
    ratios = np.median(taken[other] / taken["kerasnotes"], 0)
    return (
        f"  over {other}: {ratios[0]:.2f} times, {ratios[1]:.2f} by the CPU's "
        f"time (goal {goal})"
    )


def main():
    """Print a table for each size."""
    print(f"{CORES} cores, images a second and the CPU's time for one")
    for batch, source, target, goal, other_goal in SIZES:
        size = (target, target)
        chains = {
            "copy": copy(size),
            "kerasnotes": ours(size),
            "its warp, OpenCV": warp_alone(size, "opencv"),
            "its warp, TensorFlow": warp_alone(size, "tensorflow"),
            "Keras": keras_layers(size),
        }
        if albumentations:
            chains["albumentations"] = albumentations_chain(size)
        taken = compare(batch, source, target, chains)
        print(f"\n{source} to {target}, batches of {batch}")
        for name, rows in taken.items():
            wall, cpu = np.median(rows, 0)
            print(f"  {name:22}{1 / wall:9,.0f}{1e6 * cpu:9,.0f} µs")
        print(faster(taken, "Keras", goal))
        if albumentations:
            print(faster(taken, "albumentations", other_goal))


if __name__ == "__main__":
    main()
