"""How early a ranking of labels names the wrong ones.

    python -m benchmarks.label_errors

Of the digits' training labels 5 % are flipped to another class, with seeds 0
to 2. All labels are ranked as `trainers.analyze --mode=labels` does it, by
LeNet-5 out of fold and cleanlab's normalised margin; by the label's own of
these probabilities, cleanlab's default; and by the share of the 10 nearest
neighbours (weighted by 1/distance, out of fold, on the pixels) that have the
label. The table says which share of the flips is in the first 10 % of the
training labels' ranking, and its average precision.
"""

import dataclasses
import pathlib
import tempfile

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from kerasnotes.diagnosis import label_errors
from kerasnotes.tasks import classify
from kerasnotes.tools.analyze import out_of_fold
from kerasnotes.training import runner
from kerasnotes.training.fit import compiling

SEEDS, SHARE, FIRST = 3, 0.05, 0.1


def flip(found, seed):
    """Return the pool with wrong training labels, and which they are."""
    rng = np.random.default_rng(seed)
    train = np.flatnonzero(found.sides == "train")
    places = rng.choice(train, round(SHARE * len(train)), replace=False)
    labels = found.examples.labels.copy()
    rows, classes = found.indices[places], len(found.examples.class_names)
    labels[rows] += rng.integers(1, classes, len(rows))
    examples = dataclasses.replace(found.examples, labels=labels % classes)
    flipped = np.isin(np.arange(len(found.sides)), places)
    return dataclasses.replace(found, examples=examples), flipped


def neighbours(found):
    """Return the share of the neighbours that have each label."""
    pixels = found.examples.images[found.indices].reshape(len(found.sides), -1)
    model = KNeighborsClassifier(10, weights="distance")
    shares = cross_val_predict(
        model, pixels.astype(float), found.labels, method="predict_proba"
    )
    return shares[np.arange(len(shares)), found.labels]


def rankings(seed):
    """Return the flipped among the training labels, and each score."""
    config = classify.Config(run_dir="unused")
    compiling.configure(config)
    task = classify.Classify(config)
    data = task.data()
    found, flipped = flip(out_of_fold.pool(data.splits), seed)
    run = runner.OpenRun(task, None, {"data": data.facts})
    with tempfile.TemporaryDirectory() as folder:
        given = out_of_fold.probabilities(
            run, found, pathlib.Path(folder) / "folds"
        )
    scores = {
        "normalised margin": label_errors.quality(found.labels, given),
        "self-confidence": given[np.arange(len(given)), found.labels],
        "nearest neighbours": neighbours(found),
    }
    train = found.sides == "train"
    return flipped[train], {name: s[train] for name, s in scores.items()}


def main():
    """Print a line for each ranking and seed, and the means."""
    lines = []
    for seed in range(SEEDS):
        flipped, scores = rankings(seed)
        for name, score in scores.items():
            order = np.argsort(score, kind="stable")
            first = flipped[order[: int(FIRST * len(order))]].sum()
            precision = average_precision_score(flipped, -score)
            lines.append((name, seed, first, flipped.sum(), precision))
    print(f"{'ranking':20} seed  flips in the first {FIRST:.0%}  precision")
    for name, seed, first, count, precision in lines:
        print(f"{name:20} {seed:4}  {first:9} of {count}  {precision:18.4f}")
    for name in dict.fromkeys(line[0] for line in lines):
        own = [line for line in lines if line[0] == name]
        share = sum(line[2] for line in own) / sum(line[3] for line in own)
        precision = np.mean([line[4] for line in own])
        print(f"{name:20} mean  {share:14.1%}  {precision:18.4f}")


if __name__ == "__main__":
    main()
