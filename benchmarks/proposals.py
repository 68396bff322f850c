"""Which objects region proposals cover, and how long they take.

    python -m benchmarks.proposals [--dataset=BCCD_trainval.zip]
        [--size=240,320] [--pictures=100]

Prints the CPU's seconds for a picture, the number of proposals, and recall at
IoU 0.5, of each class too, at IoU 0.7, and AR, of pictures of the dev split,
or of all where the set has none. Where `opencv-contrib-python-headless` is
installed, OpenCV's selective search in its fast mode has its turn at the same
pictures, without what its boxes have of doubles.
"""

import time

import numpy as np
from absl import app, flags

from kerasnotes import metrics
from kerasnotes.data.pictures import load_boxes
from kerasnotes.data.pictures.proposals import selective_search
from kerasnotes.data.pictures.readers.boxes import read

_DATASET = flags.DEFINE_string("dataset", None, "Pictures with boxes.")
_SIZE = flags.DEFINE_list("size", ["240", "320"], "Height and width.")
_PICTURES = flags.DEFINE_integer("pictures", 100, "How many at most.")

NUMBERS, MOST = (10, 30, 100, 300, 10_000), 10_000


def ours(picture):
    """Return our proposals of a picture."""
    return selective_search.propose(picture, MOST)


def opencv():
    """Return a function that gives OpenCV's, or None where it has none."""
    try:
        import cv2

        module = cv2.ximgproc.segmentation
    except (ImportError, AttributeError):
        return None
    cv2.setNumThreads(1)

    def propose(picture):
        search = module.createSelectiveSearchSegmentation()
        search.setBaseImage(np.ascontiguousarray(picture[..., ::-1]))
        search.switchToSelectiveSearchFast()
        boxes = np.asarray(search.process(), np.float32)
        boxes[:, 2:] += boxes[:, :2]
        return boxes

    return propose


def picture_rows(examples):
    """Return which pictures to take."""
    official = examples.official or {}
    rows = official.get("dev", np.arange(len(examples.ids)))
    return rows[: _PICTURES.value]


def objects(examples, row):
    """Return a picture's objects as `metrics` takes them."""
    columns = ("boxes", "labels", "crowd", "difficult")
    return {name: getattr(examples, name)[int(row)].numpy() for name in columns}


def main(_):
    """Print a table for each way."""
    size = tuple(map(int, _SIZE.value))
    if _DATASET.value:
        examples = read.read(_DATASET.value, size=size)
    else:
        examples = load_boxes.load("many_digits")
    rows = picture_rows(examples)
    truth = [objects(examples, row) for row in rows]
    ways = {"ours": ours, "opencv": opencv()}
    seconds = dict.fromkeys(ways, 0.0)
    boxes = {name: [] for name in ways}
    for picture in examples.images[rows]:
        for name, way in ways.items():
            if way:
                start = time.process_time()
                boxes[name].append(way(picture))
                seconds[name] += time.process_time() - start
    for name, part in boxes.items():
        if part:
            report = metrics.proposal_recall(
                *(truth, part, len(examples.class_names), (0.5, 0.7), NUMBERS)
            )
            show(name, report, seconds[name], examples.class_names)


def show(name, report, seconds, class_names):
    """Print the table of one way."""
    pictures = report["pictures"]
    print(
        f"{name}: {seconds / pictures:.2f} s of a core a picture, of "
        f"{pictures}; {report['mean_number']:.0f} proposals in the mean"
    )
    print("first", *report["numbers"], sep="\t")
    lines = {f"IoU 0.5, {report['objects']} objects": report["recall"][0]}
    for label, row in zip(class_names, report["per_class"], strict=True):
        lines[f"IoU 0.5, {row['objects']} {label}"] = row["recall"][0]
    lines |= {"IoU 0.7": report["recall"][1], "AR": report["ar"]}
    for text, shares in lines.items():
        shares = [f"{s:.3f}" if s is not None else "-" for s in shares]
        print(text, *shares, sep="\t")


if __name__ == "__main__":
    app.run(main)
