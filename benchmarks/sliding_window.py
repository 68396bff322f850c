"""Sliding windows in one convolutional pass against every crop in batches.

    python -m benchmarks.sliding_window

LeNet-5, windows of 32×32 every 4 pixels of a 256×256 picture, both compiled,
the crops in batches of 256; medians of 20 runs taken in turn.
"""

import statistics
import time

import numpy as np
import tensorflow as tf

from kerasnotes import models
from kerasnotes.models.pictures import fully_convolutional

SIDE, BATCH, RUNS = 256, 256, 20


def main():
    """Print both times, their ratio and the largest difference."""
    model = models.build("lenet5", mean=[128.0], std=[64.0])
    sliding = fully_convolutional.convolutionalize(model)
    picture = np.random.default_rng(0).uniform(0, 255, (1, SIDE, SIDE, 1))
    picture = tf.constant(picture, tf.float32)
    rows, columns = sliding.positions(SIDE, SIDE)
    (height, width), (down, across) = sliding.window, sliding.stride
    classify = tf.function(lambda x: model(x, training=False))

    def every_crop():
        crops = tf.image.extract_patches(
            picture,
            [1, height, width, 1],
            [1, down, across, 1],
            [1, 1, 1, 1],
            "VALID",
        )
        crops = tf.reshape(crops, [-1, height, width, 1])
        found = [
            classify(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)
        ]
        return tf.reshape(tf.concat(found, 0), [1, rows, columns, -1])

    ways = {
        "one pass": tf.function(lambda: sliding(picture)),
        "every crop": every_crop,
    }
    answers = {name: way().numpy() for name, way in ways.items()}
    seconds = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    times = {name: statistics.median(part) for name, part in seconds.items()}
    for name, value in times.items():
        print(f"{name}: {1000 * value:.2f} ms")
    difference = np.abs(answers["one pass"] - answers["every crop"]).max()
    print(
        f"{rows * columns} windows: one pass is "
        f"{times['every crop'] / times['one pass']:.1f} times as fast; the "
        f"largest difference is {difference:.1e}"
    )


if __name__ == "__main__":
    main()
