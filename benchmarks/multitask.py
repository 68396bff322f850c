"""One network for all labels against one for each, on the same budget.

    python -m benchmarks.multitask [--seeds=1] [--epochs=30] [--examples=600]

On the scenes, where four of a training picture's seven labels are withheld.
One network learns all labels for so many epochs. Each of seven others learns
one label, from the pictures where it is known, for a seventh of the steps:
the same number of pictures seen in all. Then both kinds once more, for seven
times as many. The same model, optimiser, batch and augmentation; the last
weights; errors on test, where every label is known.
"""

import dataclasses
import time

import keras
import numpy as np
from absl import app, flags, logging

from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures.augmentation import named
from kerasnotes.tasks import multilabel
from kerasnotes.tasks.multilabel import review
from kerasnotes.training.fit import compiling
from kerasnotes.training.report import tables

_SEEDS = flags.DEFINE_integer("seeds", 1, "Seeds, from 0.")
_EPOCHS = flags.DEFINE_integer("epochs", 30, "Epochs of the one network.")
_EXAMPLES = flags.DEFINE_integer("examples", 6000, "Training pictures.")


def learn(config, facts, train, test, steps):
    """Return the errors of a network on each label, and its seconds."""
    # One epoch of all the steps: the learning rate decays over these.
    task = multilabel.Multilabel(dataclasses.replace(config, epochs=1))
    compiling.configure(task.config)
    keras.utils.set_random_seed(config.seed)
    model, metrics = task.model(facts), task.metrics(facts, {})
    compiling.compile(model, task.loss(facts), metrics, task.config, steps)
    batches = train.training_batches(
        config.batch_size, config.seed, 0, 0, 10**6
    )
    began = time.perf_counter()
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    seconds = time.perf_counter() - began
    answers = task.answers(task.Trained(model, facts), test)
    wrong = review.wrong(answers.targets, answers.outputs, 0.5)
    return wrong.mean(axis=0), seconds


def of_label(split, label, warp=None):
    """Return a split of one label, where it is known."""
    examples = split.examples
    one = dataclasses.replace(
        examples,
        labels=examples.labels[:, [label]],
        class_names=[examples.class_names[label]],
    )
    known = split.labels[:, label] >= 0
    return picture_batches.ImageSplit(one, split.indices[known], warp)


def compare(seed):
    """Return the labels, and each kind's errors and seconds."""
    config = multilabel.Config(seed=seed)
    warp = named.build(config.augment)
    data = multilabel.Multilabel(config).data()
    splits = data.splits
    train, test = splits["train"].take(_EXAMPLES.value), splits["test"]
    facts = data.facts | {"train": train.size}
    steps = _EPOCHS.value * train.size // config.batch_size
    names, found = facts["classes"], {}
    for times in (1, len(names)):
        longer = f", {times} × as long" * (times > 1)
        found[f"one network{longer}"] = learn(
            config, facts, train, test, times * steps
        )
        each = [
            learn(
                config,
                facts | {"classes": [name]},
                of_label(train, label, warp),
                of_label(test, label),
                times * steps // len(names),
            )
            for label, name in enumerate(names)
        ]
        errors, seconds = zip(*each, strict=True)
        found[f"one a label{longer}"] = np.concatenate(errors), sum(seconds)
    return names, found


def main(_):
    """Print the errors on test, means over the seeds."""
    logging.set_verbosity(logging.ERROR)
    runs = [compare(seed) for seed in range(_SEEDS.value)]
    (names, first), *_ = runs
    errors, seconds = (
        [np.mean([found[kind][i] for _, found in runs], 0) for kind in first]
        for i in (0, 1)
    )
    rows = [
        [name, *(f"{error[i]:.2%}" for error in errors)]
        for i, name in enumerate(names)
    ]
    rows.append(["mean", *(f"{error.mean():.2%}" for error in errors)])
    rows.append(["training", *(f"{s:.0f} s" for s in seconds)])
    print(tables.text_table(["test error", *first], rows))


if __name__ == "__main__":
    app.run(main)
