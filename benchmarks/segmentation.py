"""Pictures a second of a U-Net, beside one of plain Keras layers.

    python -m benchmarks.segmentation [--size=512] [--batch=2]
        [--filters=8,16,32,64] [--tile=256] [--rounds=5]

`models.UNet` and the same network written with Keras' layers alone take turns:
a training step (the loss of `trainers.segment` beside Keras' cross-entropy of
pixels) and inference, both compiled. Then the SavedModel of `trainers.segment`
answers pictures of twice the size, in tiles and at once, from PNGs to masks:
once as it is, and once per pixel that the network sees, of which tiles that
overlap by half have more. Times are medians, ratios the medians of the
rounds'.
"""

import argparse
import statistics
import tempfile

import keras
import numpy as np
import tensorflow as tf

from benchmarks import rounds as rounds_lib
from kerasnotes import losses, models
from kerasnotes.tasks import segment
from kerasnotes.tasks.segment import tiles
from kerasnotes.training import records
from kerasnotes.training.serve import export

CLASSES, CHANNELS = 4, 3
MEAN, STD = [120.0] * CHANNELS, [60.0] * CHANNELS


def plain(size, filters):
    """Return the U-Net of Keras' layers alone."""

    def twice(x, units):
        for _ in range(2):
            x = keras.layers.Conv2D(units, 3, padding="same", use_bias=False)(x)
            x = keras.layers.BatchNormalization()(x)
            x = keras.layers.ReLU()(x)
        return x

    inputs = keras.Input((size, size, CHANNELS))
    x = keras.layers.Rescaling(1 / STD[0], -MEAN[0] / STD[0])(inputs)
    bridges, x = [], twice(x, filters[0])
    for units in filters[1:]:
        bridges.append(x)
        x = twice(keras.layers.MaxPooling2D()(x), units)
    for units, bridge in zip(filters[-2::-1], bridges[::-1], strict=True):
        x = keras.layers.Conv2DTranspose(units, 2, 2)(x)
        x = twice(keras.layers.Concatenate()([bridge, x]), units)
    return keras.Model(inputs, keras.layers.Conv2D(CLASSES, 1)(x))


def ratio(seconds, name, other, work=1.0):
    """Return how many times as fast one way is as another.

    Args:
        seconds: what `in_turns` returned.
        name: of the way.
        other: of the other.
        work: how many times as much the first has to do.
    """
    return work * statistics.median(
        b / a for a, b in zip(seconds[name], seconds[other], strict=True)
    )


def _step(model, loss, x, y):
    optimizer = keras.optimizers.SGD(1e-4)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(value, variables), variables)
        return value

    return lambda: train().numpy()


def networks(size, batch, filters, rounds):
    """Print a training step and inference, beside plain Keras."""
    shape = (size, size, CHANNELS)
    ours = models.UNet(shape, CLASSES, filters, mean=MEAN, std=STD)
    theirs = plain(size, filters)
    assert ours.count_params() == theirs.count_params()
    x = tf.random.uniform([batch, *shape], 0, 255)
    y = tf.random.uniform([batch, size, size], 0, CLASSES, tf.int32)
    pixels = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # No part of the other.
    loss = losses.SegmentationLoss(dice_weight=0.0)
    dice = losses.SegmentationLoss()
    for what, ways in {
        "training": {
            "ours": _step(ours, loss, x, y),
            "with Dice": _step(ours, dice, x, y),
            "theirs": _step(theirs, pixels, x, y),
        },
        "inference": {
            name: _inference(model, x)
            for name, model in (("ours", ours), ("theirs", theirs))
        },
    }.items():
        seconds = rounds_lib.in_turns(ways, rounds)
        rate = batch / statistics.median(seconds["ours"])
        line = f"{what}: {rate:.2f} pictures a second"
        for name in [name for name in ways if name != "theirs"]:
            times = ratio(seconds, name, "theirs")
            line += f", {name} {times:.2f} times plain Keras"
        print(line)


def _inference(model, x):
    call = tf.function(lambda: tf.argmax(model(x, training=False), -1))
    return lambda: call().numpy()


def served(size, filters, crop):
    """Return the SavedModel's function of encoded pictures.

    Args:
        size: the side that pictures have.
        filters: of the network.
        crop: the side of tiles, or None for the picture at once.
    """
    config = segment.Config(
        image_size=size, crop_size=crop, filters=",".join(map(str, filters))
    )
    facts = {
        "classes": [f"class {i}" for i in range(CLASSES)],
        "input_shape": [crop or size] * 2 + [CHANNELS],
        "resized": [size, size],
        "mean": MEAN,
        "std": STD,
        "shares": [1 / CLASSES] * CLASSES,
        "train": 1,
    }
    task = segment.Segment(config)
    keras.utils.set_random_seed(0)
    trained = records.Trained(task.model(facts), facts)
    with tempfile.TemporaryDirectory() as folder:
        export.write_saved_model(task.signatures(trained), folder)
        model = tf.saved_model.load(folder)
    # The function alone would let the model go.
    return lambda x: model.signatures["serving_default"](image_bytes=x)


def tiled(size, filters, tile, rounds):
    """Print what answers in tiles take, beside the picture at once."""
    pixels = np.random.default_rng(0).integers(
        0, 255, [size, size, CHANNELS], np.uint8
    )
    encoded = tf.constant([tf.io.encode_png(pixels).numpy()])
    calls = {
        name: served(size, filters, crop)
        for name, crop in (("tiles", tile), ("at once", None))
    }
    ways = {n: lambda call=call: call(encoded) for n, call in calls.items()}
    seconds = rounds_lib.in_turns(ways, rounds)
    count = len(tiles.starts_of(tf.constant(size), tile)) ** 2
    work = count * tile**2 / size**2
    for name, values in seconds.items():
        print(
            f"{size}×{size} {name}: {1000 * statistics.median(values):.0f} ms"
        )
    print(
        f"{count} tiles of {tile}×{tile} are {work:.2f} times the pixels: "
        f"{ratio(seconds, 'tiles', 'at once'):.2f} times as fast a picture, "
        f"{ratio(seconds, 'tiles', 'at once', work):.2f} times a pixel"
    )


def main():
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--filters", default="8,16,32,64")
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    filters = [int(number) for number in args.filters.split(",")]
    networks(args.size, args.batch, filters, args.rounds)
    tiled(2 * args.size, filters, args.tile, args.rounds)


if __name__ == "__main__":
    main()
