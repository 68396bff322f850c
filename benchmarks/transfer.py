"""What a trunk trained on MNIST is worth to digits with few labels.

    python -m benchmarks.transfer --data=MNIST_FOLDER [--model=lenet5]

A network is trained on a part of MNIST. Then digits (8×8 scans of another
hand-writing set, stretched) is learned from five labels of each class: from
scratch; from MNIST's weights, all of which learn; and with some or all of
them frozen. Each seed draws other labels and another head; the same steps,
batch and plain pictures; the last weights; errors on all other digits. Means
over the seeds, with 95 % t intervals, also of the difference from scratch.
Then the seconds of an epoch on all of digits' training set with a frozen
ResNet-20, with its features cached and without.
"""

import contextlib
import dataclasses
import pathlib
import tempfile
import time
from unittest import mock

import keras
import numpy as np
from absl import app, flags, logging
from scipy import stats

from kerasnotes import models
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.tasks import classify
from kerasnotes.tasks.pictures import transfer
from kerasnotes.training import records, runner
from kerasnotes.training.fit import compiling
from kerasnotes.training.report import tables
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import session

_DATA = flags.DEFINE_string("data", None, "Folder of MNIST's IDX files.")
_MODEL = flags.DEFINE_string("model", "lenet5", "The model.")
_EXAMPLES = flags.DEFINE_integer("examples", 20000, "Of MNIST, to learn from.")
_PRETRAINED = flags.DEFINE_integer("pretrained", 4, "Epochs on MNIST.")
_LABELS = flags.DEFINE_integer("labels", 5, "Labels of each class of digits.")
_EPOCHS = flags.DEFINE_integer("epochs", 100, "Epochs on digits.")
_SEEDS = flags.DEFINE_integer("seeds", 8, "Seeds, from 0.")
flags.mark_flag_as_required("data")
_BATCH, _TIMED = 25, "resnet20"


def pretrain(folder):
    """Trains on MNIST, and returns the path of the model."""
    count = _EXAMPLES.value
    given = {
        "run_dir": str(folder),
        "dataset": _DATA.value,
        "split": f"train[:{count}],dev[{count}:{count + 2000}]",
        "model": _MODEL.value,
        "image_size": 32,
        "epochs": _PRETRAINED.value,
    }
    runner.run(classify.Classify, given, [], "trainers.classify")
    return str(folder / "model.keras")


def with_new_head(path, seed):
    """Return the path of the same network with a head that knows nothing."""
    network = models.load(path)
    head = network.get_layer("logits")
    shape = head.kernel.shape
    head.kernel.assign(keras.initializers.GlorotUniform(seed)(shape))
    head.bias.assign(keras.ops.zeros(head.bias.shape))
    found = f"{path.removesuffix('.keras')}-{seed}.keras"
    network.save(found)
    return found


def learn(config, facts, splits):
    """Return the error on dev, and the seconds of features and of epochs."""
    task = classify.Classify(config)
    compiling.configure(config)
    keras.utils.set_random_seed(config.seed)
    network = task.model(facts)
    folder = run_folder.RunFolder(config.run_dir, task.name)
    began = time.perf_counter()
    data = task.training_data(
        session.Run(config, folder), network, records.Data(splits, facts)
    )
    before = time.perf_counter() - began
    steps = splits["train"].size // config.batch_size
    model, metrics = task.training_model(network), task.metrics(facts, {})
    compiling.compile(model, task.loss(facts), metrics, config, steps)
    batches = data.splits["train"].training_batches(
        config.batch_size, config.seed, 0, 0, config.epochs
    )
    clock = _Clock()
    model.fit(
        batches,
        epochs=config.epochs,
        steps_per_epoch=steps,
        verbose=0,
        shuffle=False,
        callbacks=[clock],
    )
    answers = task.answers(task.Trained(network, facts), splits["dev"])
    error = np.mean(answers.outputs.argmax(-1) != answers.targets)
    return error, before, clock.seconds


class _Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._began)


def few(splits, seed):
    """Return five pictures of each class to learn from, and the others."""
    examples = splits["train"].examples
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(examples.labels))
    chosen = np.concatenate(
        [
            order[examples.labels[order] == label][: _LABELS.value]
            for label in range(len(examples.class_names))
        ]
    )
    rest = np.setdiff1d(order, chosen)
    return {
        "train": picture_batches.ImageSplit(examples, chosen),
        "dev": picture_batches.ImageSplit(examples, rest),
    }


def compare(config, data, trained):
    """Print what each way makes of few labels."""
    network = classify.Classify(config).network(data.facts)
    half = len(network.blocks) // 2
    errors = {}
    for seed in range(_SEEDS.value):
        sides = few(data.splits, seed)
        facts = data.facts | {"train": sides["train"].size}
        weights = with_new_head(trained, seed)
        for choice in (None, "none", str(half), "all"):
            given = {"weights": weights, "freeze": choice} if choice else {}
            own = dataclasses.replace(config, seed=seed, **given)
            way = f"--freeze={choice}" if choice else "from scratch"
            errors.setdefault(way, []).append(learn(own, facts, sides)[0])
    scratch = np.array(errors["from scratch"])
    rows = [
        [way, text(found), text(scratch - found)]
        for way, found in errors.items()
    ]
    print(tables.text_table(["digits", "test error, %", "points won"], rows))


def clock(config, data, folder):
    """Print the seconds of an epoch, cached and not."""
    weights = str(folder / "timed.keras")
    splits, shape = data.splits, tuple(data.facts["input_shape"])
    models.build(_TIMED, shape, mean=[0.0], std=[255.0]).save(weights)
    own = dataclasses.replace(
        config,
        model=_TIMED,
        weights=weights,
        freeze="all",
        epochs=4,
        batch_size=64,
        run_dir=str(folder / "timed"),
    )
    for name, cached in {"cached": True, "not cached": False}.items():
        with contextlib.ExitStack() as stack:
            if not cached:
                stack.enter_context(
                    mock.patch.object(transfer, "_caches", lambda config: False)
                )
            _, before, (first, *later) = learn(own, data.facts, splits)
        print(
            f"frozen {_TIMED}, {splits['train'].size:,} pictures, features "
            f"{name}: {before:.1f} s before the first epoch, {first:.1f} s for "
            f"it, {np.median(later):.3f} s for each later one"
        )


def text(values):
    """Return a mean with its interval, in per cent."""
    values = 100 * np.asarray(values)
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{values.mean():.1f} ± {half:.1f}"


def main(_):
    """Print errors, gains and seconds."""
    logging.set_verbosity(logging.ERROR)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trained = pretrain(folder / "mnist")
        config = classify.Config(
            model=_MODEL.value,
            image_size=32,
            augment="none",
            batch_size=_BATCH,
            epochs=_EPOCHS.value,
            run_dir=str(folder / "digits"),
        )
        data = classify.Classify(config).data()
        compare(config, data, trained)
        clock(config, data, folder)


if __name__ == "__main__":
    app.run(main)
