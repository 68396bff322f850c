"""Pictures a second from bytes to boxes, beside KerasHub's RetinaNet.

    python -m benchmarks.detection [--size=320] [--batch=1,16] [--rounds=5]
        [--models=darknet_small,resnet50]

The SavedModel of `trainers.detect` (strides 8, 16 and 32, three anchors each,
80 classes) and RetinaNet on ResNet-50, both with random weights, take turns
with the same JPEGs: decoding, resizing, the network, boxes, suppression. Times
are medians, ratios the medians of the rounds'. Then come the share of
suppression where a picture has 300 boxes above the threshold, what a training
step costs beside a classifier on the same trunk, and what the encoding of
labels takes, which other threads do. Wants `keras-hub`.
"""

import argparse
import statistics

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from benchmarks import rounds as rounds_lib
from benchmarks import served
from kerasnotes import losses, models, ops
from kerasnotes.tasks import detect
from kerasnotes.training import records

CLASSES, THRESHOLD, BOXES, OBJECTS = 80, 0.5, 300, 8
STRIDES = (8, 16, 32)
ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (300, 300)),
)


def task_and_trained(name, size):
    """Return a task and a network as after training, on random weights."""
    config = detect.Detect.Config(
        model=name, image_size=size, strides="8,16,32", anchors="9"
    )
    facts = {
        "classes": [f"class {i}" for i in range(CLASSES)],
        "input_shape": [size, size, 3],
        "strides": STRIDES,
        "anchors": ANCHORS,
        "mean": [120.0] * 3,
        "std": [60.0] * 3,
        "train": 1,
        "most_objects": OBJECTS,
    }
    task = detect.Detect(config)
    model = task.with_head(task.network(facts, include_top=False), facts)
    return task, records.Trained(model, facts, {"threshold": THRESHOLD})


def _of_bytes(task, trained):
    """Return the SavedModel's function of encoded pictures."""
    serve = served.served(task, trained)
    return lambda encoded: serve(image_bytes=encoded)


def retina_net(size):
    """Return KerasHub's detector as a function of encoded pictures."""
    trunk = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[3, 4, 6, 3],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block",
        image_shape=(size, size, 3),
    )
    backbone = keras_hub.models.RetinaNetBackbone(
        trunk, 3, 7, use_p5=False, image_shape=(size, size, 3)
    )
    model = keras_hub.models.RetinaNetObjectDetector(
        backbone, CLASSES, bounding_box_format="xyxy"
    )

    def decoded(encoded):
        picture = tf.io.decode_jpeg(encoded, 3)
        return tf.image.resize(picture, (size, size), antialias=True)

    # Its suppression takes batches of known size alone.
    @tf.function
    def answer(encoded):
        pictures = tf.map_fn(decoded, encoded, fn_output_signature=tf.float32)
        outputs = model(pictures, training=False)
        return model.decode_predictions(outputs, pictures)

    return answer


def photos(count):
    """Return JPEGs of 640×480, smooth as photos are."""
    generator = np.random.default_rng(0)
    small = generator.integers(0, 255, [count, 12, 16, 3]).astype("float32")
    large = tf.image.resize(small, (480, 640), "bicubic")
    large = tf.cast(tf.clip_by_value(large, 0, 255), tf.uint8)
    return tf.stack([tf.io.encode_jpeg(picture) for picture in large])


def answers(ways, batch, rounds):
    """Print pictures a second of each detector, and the ratios."""
    encoded = photos(batch)
    calls = {n: lambda way=way: way(encoded) for n, way in ways.items()}
    seconds = rounds_lib.in_turns(calls, rounds)
    theirs = seconds["RetinaNet"]
    for name, values in seconds.items():
        ratio = statistics.median(
            t / v for t, v in zip(theirs, values, strict=True)
        )
        rate = batch / statistics.median(values)
        print(f"batch {batch}, {name}: {rate:.1f} a second, {ratio:.1f} times")


def suppression(task, trained, batch, rounds):
    """Print the share of suppression in what is done after decoding."""
    facts = trained.facts
    pixels = tf.random.uniform([batch, *facts["input_shape"]], 0, 255)
    network = tf.function(lambda: trained.model(pixels, training=False))
    outputs = tf.constant(network())
    scores = task.detector.decode(outputs, facts)[1]
    best = np.sort(np.asarray(scores).max(-1).ravel())
    threshold = float(best[-batch * BOXES])
    left = tf.function(lambda: task.suppressed(outputs, facts, threshold))
    seconds = rounds_lib.in_turns({"network": network, "left": left}, rounds)
    after, before = (
        statistics.median(seconds[name]) for name in ("left", "network")
    )
    print(
        f"batch {batch}: decoding of boxes and suppression are "
        f"{after / (after + before):.1%} of {1000 * (after + before):.1f} ms"
    )


def step(task, trained, rounds, batch=16):
    """Print what a training step and the encoding of its labels cost."""
    facts, config = trained.facts, task.config
    size = config.image_size
    pixels = tf.random.uniform([batch, size, size, 3], 0, 255)
    corner = np.random.default_rng(0).uniform(0, size / 2, [batch, OBJECTS, 2])
    boxes = np.concatenate([corner, corner + size / 4], -1).astype("float32")
    labels = np.zeros([batch, OBJECTS], "int32")
    grids = ops.Grids((size, size), STRIDES, ANCHORS, CLASSES)
    encode = tf.function(lambda: ops.yolo_encode(boxes, labels, grids)[0])
    plain = models.build(config.model, (size, size, 3), CLASSES)
    pairs = {
        "detector": (trained.model, task.loss(facts)),
        "classifier": (plain, losses.Crossentropy()),
    }
    truth = {"detector": encode(), "classifier": labels[:, 0]}
    ways = {"encoding": encode}
    for name, (model, loss) in pairs.items():
        ways[name] = _step(model, loss, pixels, truth[name])
    seconds = rounds_lib.in_turns(ways, rounds)
    median = {name: statistics.median(v) for name, v in seconds.items()}
    print(
        f"a training step of {batch}: {1000 * median['detector']:.0f} ms, "
        f"{median['detector'] / median['classifier']:.2f} times a "
        f"classifier's; labels are encoded in {1000 * median['encoding']:.1f} "
        "ms beside it"
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

    return train


def main():
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", default="1,16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", default="darknet_small,resnet50")
    args = parser.parse_args()
    pairs = {n: task_and_trained(n, args.size) for n in args.models.split(",")}
    ways = {f"YOLO on {n}": _of_bytes(*pair) for n, pair in pairs.items()}
    ways["RetinaNet"] = retina_net(args.size)
    for batch in map(int, args.batch.split(",")):
        answers(ways, batch, args.rounds)
    pair = next(iter(pairs.values()))
    for batch in map(int, args.batch.split(",")):
        suppression(*pair, batch, args.rounds)
    step(*pair, args.rounds)


if __name__ == "__main__":
    main()
