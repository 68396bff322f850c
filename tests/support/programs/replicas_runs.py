"""What whole runs come to on one device, and on two logical CPUs.

A script of test_replicas.py, in a process of its own because a CPU is split
before TensorFlow's first op.
"""

import json
import os
import pathlib
import sys

from kerasnotes.tasks import (
    classify,
    detect,
    localize,
    multilabel,
    regress,
    segment,
    translate,
)
from kerasnotes.training import runner
from tests.support import coloured_boxes, mask_files, runs

STRATEGIES = ("one_device", "mirrored")
DETECT = {
    "strides": "4",
    "image_size": 32,
    "width": 0.25,
    "head_filters": 8,
    "learning_rate": 1e-3,
    "augment": "none",
}
RUNS = {
    "classify": (
        classify.Classify,
        {
            "model": "mlp",
            "hidden": "16",
            "batch_norm": True,
            "class_weight": "balanced",
            "label_smoothing": 0.1,
            "l2": 1.0,
            "clip_norm": 0.5,
            "augment": "none",
        },
    ),
    "regress": (regress.Regress, {"batch_size": 50}),
    "localize": (
        localize.Localize,
        {
            "model": "lenet5",
            "image_size": 16,
            "objective": "squared",
            "split": "train[:128],dev[:60],test[:31]",
            "augment": "none",
        },
    ),
    "detect": (
        detect.Detect,
        {
            **DETECT,
            "dataset": "boxes",
            "anchors": "2",
        },
    ),
    "fast_rcnn": (
        detect.Detect,
        {
            **DETECT,
            "dataset": "boxes",
            "detector": "fast_rcnn",
            "proposals": 20,
            "proposals_dir": "proposals",
        },
    ),
    "mask_rcnn": (
        detect.Detect,
        {
            **DETECT,
            "dataset": "masks",
            "detector": "mask_rcnn",
            "anchors": "2",
            "proposals": 10,
            "max_detections": 5,
            "batch_size": 8,
        },
    ),
    "multilabel": (
        multilabel.Multilabel,
        {
            "model": "mlp",
            "hidden": "16",
            "image_size": 8,
            "split": "train[:256],dev[:101],test[:51]",
            "augment": "none",
        },
    ),
    "segment": (
        segment.Segment,
        {
            "dataset": "masks",
            "image_size": 16,
            "filters": "4,8",
            "batch_size": 8,
            "pixel_loss": "cross_entropy+dice",
            "class_weight": "auto",
        },
    ),
    "translate": (
        translate.Translate,
        {
            "dataset": "pairs.txt",
            "vocabulary": "characters",
            "width": 8,
            "batch_size": 10,
            "learning_rate": 0.02,
            "label_smoothing": 0.1,
            "clip_norm": 0.5,
            "answers": 20,
        },
    ),
}


def run(name, kind, folder, strategy, **flags):
    """The metrics of a whole run, in single precision."""
    path = folder / f"{name}-{strategy}"
    own = {"run_dir": str(path), "strategy": strategy, "logical_cpus": 2}
    runner.run(kind, {"epochs": 2, **flags, **own}, [], "trainer")
    return json.loads((path / "metrics.json").read_text())


def main(folder):
    """The metrics of whole runs, which nobody exports or writes reports of."""
    os.chdir(folder)
    rows = [f"{number}\t{number * 7919 % 1000}" for number in range(300)]
    coloured_boxes.write(pathlib.Path("boxes"), 60)
    mask_files.beside(pathlib.Path("masks"), 50)
    pathlib.Path("pairs.txt").write_text("\n".join(rows))
    with runs.no_report():
        return {
            name: [run(name, kind, folder, s, **flags) for s in STRATEGIES]
            for name, (kind, flags) in RUNS.items()
        }


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    (path / "found.json").write_text(json.dumps(main(path)))
