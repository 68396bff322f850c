"""Learning curves: the same run on parts of the training set."""

import contextlib
import copy
import dataclasses
import io
import math
import sys

import keras

from kerasnotes import errors, files, specs
from kerasnotes.diagnosis import intervals
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import loop
from kerasnotes.training.run import folder as run_folder


def shares(config):
    """Returns the shares that `--learning_curve` names, in order.

    Raises:
        UserError: they aren't numbers over 0 and up to 1.
    """
    found = specs.numbers("--learning_curve", config.learning_curve, float)
    for share in found or []:
        if not 0 < share <= 1:
            raise errors.UserError(
                f"--learning_curve={config.learning_curve}: shares of the "
                f"training set are over 0 and up to 1. Received: {share:g}"
            )
    return sorted(set(found or []))


def sizes(config, train):
    """Returns how many examples each share below 1 is of, in order.

    Args:
        config: the run's Config.
        train: the training `Split`.

    Raises:
        UserError: a share is of no example.
    """
    found = [int(x * train.size) for x in shares(config) if x < 1]
    if 0 in found:
        raise errors.UserError(
            f"--learning_curve={config.learning_curve}: a share leaves none of "
            f"the {train.size} training examples; give larger ones"
        )
    return found


def learning_curve(task, splits, chooser, folder):
    """Trains on shares of the training set, and measures each model.

    Each part is trained with as many steps as the whole set is, under the
    same schedule, and keeps its best epoch: parts differ in their examples
    alone, where equal epochs would leave the small ones under-trained. An
    epoch of a part is thus several passes over it, and a part takes as long
    as the run itself. A smaller part is in every larger one, inputs are
    normalised as in the run, and a batch is at most the part.

    The parts live in `folder/learning_curve/<size>`, where a killed run goes
    on, and finished parts aren't trained again.

    Args:
        task: the run's `Task`, which has read the data.
        splits: the run's splits.
        chooser: the `Selection`.
        folder: the run's folder.

    Returns:
        A dictionary of `size`, `train` and `dev`, the `Measure`s, for each
        share below 1, the smallest first.

    Raises:
        UserError: see `sizes`.
    """
    config = task.config
    found = []
    for size in sizes(config, splits["train"]):
        part = splits["train"].take(size)
        own = dataclasses.replace(
            config,
            batch_size=strategies.batch_size(config, size),
            watch="none",
            profile=None,
            overwrite=False,
        )
        steps = loop.steps_per_epoch(splits, config)
        sides = {"train": part, "dev": splits["dev"]}
        # What reading told a task goes with the copy.
        trained = copy.copy(task)
        trained.config, trained.facts = own, task.facts | {"train": size}
        path = run_folder.RunFolder(
            folder / "learning_curve" / str(size), task.name
        )
        point = _point(trained, sides, steps, chooser, path)
        print(
            f"learning curve: {size:,} examples: train error "
            f"{point['train'].text}, dev error {point['dev'].text}"
        )
        found.append(point)
    return found


def _point(task, sides, steps, chooser, folder):
    """Returns the point of one part, trained or read."""
    config = task.config
    folder.open(config)
    done = folder.finished
    if not (done and done["epochs"] >= config.epochs):
        # As in a new process, for checkpoints know layers by their names.
        keras.utils.clear_session(free_memory=False)
        with _quiet():
            seen = task.learned_from(sides)
            part = _Repeated(seen["train"], config.batch_size, steps)
            seen = seen | {"train": part}
            model, _ = loop.learn(task, folder, sides, chooser, seen=seen)
        done = {"size": sides["train"].size, "epochs": config.epochs}
        for name, split in sides.items():
            measure = task.measure(model, split, task.evaluate(model, split))
            # JSON has no infinity, and that is the default.
            done[name] = {
                key: value
                for key, value in dataclasses.asdict(measure).items()
                if value != math.inf
            }
        files.write_sealed(folder / "metrics.json", done)
    return {
        "size": done["size"],
        **{n: intervals.Measure(**done[n]) for n in ("train", "dev")},
    }


class _Repeated:
    """A part of the training set whose epochs have a number of steps.

    Args:
        part: the `Split`.
        batch_size: examples a step.
        steps: steps of an epoch.
    """

    def __init__(self, part, batch_size, steps):
        self._part, self._steps = part, steps
        self.size = steps * batch_size

    def steps(self, batch_size):
        return self._steps

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        first = first_epoch * self._steps + first_step
        end = epochs * self._steps
        steps = self._part.steps(batch_size)
        last = math.ceil(end / steps)
        return self._part.training_batches(
            batch_size, seed, *divmod(first, steps), last, share
        ).take(end - first)


class _OneLine(io.TextIOBase):
    """A terminal on which each line replaces the one before."""

    def __init__(self, terminal):
        self._terminal = terminal

    def isatty(self):
        return True

    def write(self, text):
        return self._terminal.write(text.replace("\n", "\r"))

    def flush(self):
        self._terminal.flush()


def _quiet():
    """Shows the progress of a part in one line, or where it can't, not."""
    live = sys.stdout.isatty()
    return contextlib.redirect_stdout(
        _OneLine(sys.stdout) if live else io.StringIO()
    )
