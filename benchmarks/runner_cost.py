"""What the runner costs over a bare `model.fit`, a step.

    python -m benchmarks.runner_cost [--model=mlp] [--precision=mixed_bfloat16]

LeNet-5, or the model named, on the digits with light augmentation, compiled
alike, 500 steps an epoch and a look at dev after it, by `fit` alone and with
all that the runner adds (the guard against NaN, checkpoints, TensorBoard,
progress; on a GPU batches that wait there), in turn in one process; the ratio
of each pair, and the median of five.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import keras
import tensorflow as tf

from kerasnotes.diagnosis import selection
from kerasnotes.tasks import classify
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import (
    callbacks,
    checkpoints,
    compiling,
    tensorboard,
)
from kerasnotes.training.run import folder as run_folder

STEPS, PAIRS = 500, 5


def batches(train, config):
    """Return as many steps as one run of an epoch takes."""
    return train.training_batches(config.batch_size, 0, 0, 0, 10**6)


def device():
    """Return the name of the device that trains."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return details.get("device_name", "GPU")


def main():
    """Print the median ratio and the pairs behind it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="lenet5")
    parser.add_argument("--precision", default="float32")
    config = classify.Config(seed=0, **vars(parser.parse_args()))
    compiling.configure(config)
    task = classify.Classify(config)
    problem = task.data()
    splits, facts = problem.splits, problem.facts
    dev = splits["dev"].evaluation_batches(config.batch_size)
    bare, run = task.model(facts), task.model(facts)
    for model in (bare, run):
        metrics = task.metrics(facts, {})
        compiling.compile(model, task.loss(facts), metrics, config, STEPS)
    seconds = {"bare": [], "runner": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_folder.RunFolder(folder, task.name).begin(config, facts)
        keeper = callbacks.Keeper(
            folder,
            checkpoints.Checkpoints(folder / "checkpoints"),
            selection.Selection("accuracy"),
            STEPS,
            config,
        )
        keeper.set_model(run)
        added = [
            callbacks.Guard(STEPS),
            keeper,
            tensorboard.EpochLog(folder / "logs"),
            callbacks.Progress(PAIRS + 1, STEPS, "accuracy"),
        ]
        for pair in range(PAIRS + 1):
            turns = [("bare", bare, []), ("runner", run, added)]
            # Who goes first changes, so that a drift favours neither.
            for kind, model, more in turns[:: 1 if pair % 2 else -1]:
                began = time.perf_counter()
                data = batches(splits["train"], config)
                if model is run:
                    strategy = model.distribute_strategy
                    data = strategies.batches(strategy, lambda d=data: d)
                model.fit(
                    data,
                    epochs=pair + 1,
                    initial_epoch=pair,
                    steps_per_epoch=STEPS,
                    validation_data=dev,
                    verbose=0,
                    shuffle=False,
                    callbacks=more,
                )
                seconds[kind].append(time.perf_counter() - began)
    # The first pair traces the graphs.
    pairs = list(zip(seconds["bare"], seconds["runner"], strict=True))[1:]
    ratios = [runner / bare for bare, runner in pairs]
    for (alone, with_runner), ratio in zip(pairs, ratios, strict=True):
        print(
            f"fit {1000 * alone / STEPS:.3f} ms a step, runner "
            f"{1000 * with_runner / STEPS:.3f} ms, ratio {ratio:.3f}"
        )
    print(
        f"{config.model}: median ratio {statistics.median(ratios):.3f} "
        f"({device()}, {config.precision}, Keras {keras.__version__})"
    )


if __name__ == "__main__":
    main()
