"""The kinds of detectors side by side: parameters, and the time of a picture.

    python -m benchmarks.generations [--size=240,320] [--classes=3]
        [--rounds=5]

Each kind of `trainers.detect` stands on `darknet_small` with random weights;
the SavedModels take turns with the same picture, from its bytes to boxes. The
regions of R-CNN and Fast R-CNN are proposed apart, as in serving. Times are
medians. Average precision is that of runs: docs/detect.md has it.
"""

import statistics

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks import rounds as rounds_lib
from benchmarks import served
from kerasnotes.data.pictures.proposals import selective_search
from kerasnotes.tasks import detect
from kerasnotes.tasks.detect import config as config_lib
from kerasnotes.training import records

_SIZE = flags.DEFINE_list("size", ["240", "320"], "Height and width.")
_CLASSES = flags.DEFINE_integer("classes", 3, "Number of classes.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns of each kind.")

ANCHORS = (((14, 14), (33, 34), (45, 50), (62, 52), (77, 79), (110, 105)),)


def task_and_trained(kind, size, classes):
    """Return a task and a network as after training, on random weights."""
    task = detect.Detect(detect.Detect.Config(detector=kind, anchors="6"))
    facts = {
        "classes": [f"class {i}" for i in range(classes)],
        "input_shape": [*size, 3],
        "strides": (8,),
        "anchors": ANCHORS,
        "mean": [120.0] * 3,
        "std": [60.0] * 3,
        "train": 1,
        "most_objects": 30,
    }
    model = task.with_head(task.network(facts, include_top=False), facts)
    return task, records.Trained(model, facts, {"threshold": 0.5})


def picture(size):
    """Return a PNG, smooth as photos are, and its region proposals."""
    small = np.random.default_rng(0).integers(0, 255, [1, 12, 16, 3])
    large = tf.image.resize(small.astype("float32"), size, "bicubic")[0]
    pixels = tf.cast(tf.clip_by_value(large, 0, 255), tf.uint8)
    return tf.io.encode_png(pixels)[None], pixels.numpy()


def main(_):
    """Print a row for each kind."""
    size = tuple(map(int, _SIZE.value))
    encoded, pixels = picture(size)
    ways, numbers = {}, {}
    regions = selective_search.propose(pixels, 300)[None]
    for kind in config_lib.DETECTORS:
        task, trained = task_and_trained(kind, size, _CLASSES.value)
        numbers[kind] = trained.model.count_params()
        more = (
            {"boxes": tf.constant(regions)} if task.detector.takes_boxes else {}
        )
        inputs = {"image_bytes": encoded, **more}
        serve = served.served(task, trained)
        ways[kind] = lambda serve=serve, inputs=inputs: serve(**inputs)
    ways["proposals"] = lambda: selective_search.propose(pixels, 300)
    seconds = rounds_lib.in_turns(ways, _ROUNDS.value)
    for kind, count in numbers.items():
        milliseconds = 1000 * statistics.median(seconds[kind])
        print(f"{kind}: {count:,} parameters, {milliseconds:.1f} ms a picture")
    apart = 1000 * statistics.median(seconds["proposals"])
    print(f"proposals of rcnn and fast_rcnn: {apart:.0f} ms a picture")


if __name__ == "__main__":
    app.run(main)
