"""Learning curves: the same run on parts of the training set."""

import contextlib
import dataclasses
import io
import math
import sys

import keras

from kerasnotes import errors, files
from kerasnotes.diagnosis import intervals
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import evaluating, loop
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import session


def sizes(config, train):
    """Return how many examples each share below 1 is of, in order.

    Args:
        config: the run's Config.
        train: the training `Split`.

    Raises:
        UserError: a share is of no example.
    """
    counts = [int(x * train.size) for x in config.curve_shares() if x < 1]
    if 0 in counts:
        raise errors.UserError(
            f"--learning_curve={config.learning_curve}: a share leaves none of "
            f"the {train.size} training examples; give larger ones"
        )
    return counts


def learning_curve(task, run, data):
    """Trains on shares of the training set, and measures each model.

    Each part is trained with as many steps as the whole set is, under the
    same schedule, and keeps its best epoch: parts differ in their examples
    alone, where equal epochs would leave the small ones under-trained. An
    epoch of a part is thus several passes over it, and a part takes as long
    as the run itself. A smaller part is in every larger one, inputs are
    normalised as in the run, and a batch is at most the part.

    The parts live in `learning_curve/<size>` of the run's folder, where a
    killed run goes on, and finished parts aren't trained again.

    Args:
        task: the run's `SupervisedTask`.
        run: the `Run`.
        data: its `Data`.

    Returns:
        A dictionary of `size`, `train` and `dev`, the `Measure`s, for each
        share below 1, the smallest first.

    Raises:
        UserError: see `sizes`.
    """
    config, points = run.config, []
    steps = loop.steps_per_epoch(data.splits, config)
    for size in sizes(config, data.splits["train"]):
        part_config = dataclasses.replace(
            config,
            batch_size=strategies.batch_size(config, size),
            watch="none",
            profile=None,
            overwrite=False,
        )
        folder = run_folder.RunFolder(
            run.folder / "learning_curve" / str(size), task.name
        )
        part = dataclasses.replace(
            data,
            splits={
                "train": data.splits["train"].take(size),
                "dev": data.splits["dev"],
            },
            facts=data.facts | {"train": size},
        )
        part_run = session.Run(part_config, folder)
        point = _point(type(task)(part_config), part_run, part, steps)
        print(
            f"learning curve: {size:,} examples: train error "
            f"{point['train'].text}, dev error {point['dev'].text}"
        )
        points.append(point)
    return points


def _point(task, run, data, steps):
    """Return the point of one part, trained or read."""
    config, folder = run.config, run.folder
    folder.open(config)
    done = folder.finished
    if not (done and done["epochs"] >= config.epochs):
        # As in a new process, for checkpoints know layers by their names.
        keras.utils.clear_session(free_memory=False)
        with _quiet():
            trained = loop.learn(
                task,
                run,
                data,
                lambda part: _Repeated(part, config.batch_size, steps),
            )
        done = {"size": data.splits["train"].size, "epochs": config.epochs}
        for name, split in data.splits.items():
            answers = evaluating.answered(task, trained, split)
            scores = task.score(trained, answers)
            measure = task.error(trained, answers, scores)
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
    """Show the progress of a part in one line, or where it can't, not."""
    live = sys.stdout.isatty()
    return contextlib.redirect_stdout(
        _OneLine(sys.stdout) if live else io.StringIO()
    )
