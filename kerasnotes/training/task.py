"""The contract between a learning problem and the runner."""

import abc
import dataclasses
import typing


class Split(typing.Protocol):
    """A part of the data: train, dev, test or train_dev."""

    size: int
    """The number of examples."""

    ids: list
    """A string for each, by which people find it."""

    def take(self, size):
        """Returns a `Split` of `size` of the examples, a fair sample.

        Which ones depends on their ids alone, and a smaller number takes
        some of what a larger takes.
        """

    def steps(self, batch_size):
        """Returns the number of training batches of an epoch."""

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        """Returns the `tf.data.Dataset` of training batches `(x, y, w)`.

        It runs from step `first_step` (from 0) of epoch `first_epoch` (from
        0) to the end of epoch `epochs - 1`, shuffled and augmented as a
        function of (seed, epoch, index) alone; partial batches are dropped.
        Of several workers that share a batch, one takes the part
        `share = (index, count)` of it. Nests of tensors may stand for `x`.
        """

    def evaluation_batches(self, batch_size):
        """Returns all examples in order, as they are.

        It is a `tf.data.Dataset` of `(x, y, w)`; the last may be partial.
        """


@dataclasses.dataclass(frozen=True)
class Signature:
    """A served function.

    Attributes:
        function: takes tensors by name, returns a dictionary of tensors.
        inputs: `tf.TensorSpec`s with names, in the function's order.
    """

    function: typing.Callable
    inputs: tuple


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What a model made of each example of a split, in the split's order.

    Attributes:
        errors: what it counts in the error, `[n]`: 0 for right and 1 for
            wrong, or a share between, or a squared error as a share of the
            target's variance.
        rows: a dictionary for each example: `id`, `true`, `given` and what
            else mistakes.csv shows.
        picture: a function of an example's place that returns a PNG's bytes,
            or None.
    """

    errors: typing.Any
    rows: list
    picture: typing.Callable | None = None

    def sample(self):
        """Returns the places of the wrong examples in random order.

        It depends on their ids alone, and any beginning is a fair sample.
        """
        from kerasnotes import splits

        wrong = self.mistakes()
        order = splits.nested([self.rows[i]["id"] for i in wrong])
        return [wrong[i] for i in order]

    def mistakes(self):
        """Returns the places of the wrong examples, the surest first."""
        import numpy as np

        wrong = np.flatnonzero(self.errors)
        sure = [-self.rows[i].get("confidence", self.errors[i]) for i in wrong]
        return [int(i) for i in wrong[np.argsort(sure, kind="stable")]]


class Task(abc.ABC):
    """A learning problem: it answers the runner's questions.

    Subclasses set `name` and `Config` and are built from a Config.

    Attributes:
        facts: what the data told, JSON-able; `splits` sets it, config.json
            keeps it, and a run goes on only with the same. It has at least
            `name` and the number of `train` examples.
        chosen: what `choose` found on dev.
    """

    name: str
    Config: type

    def __init__(self, config, facts=None):
        self.config = config
        self.facts = facts
        self.chosen = {}

    @property
    def headline(self):
        """The metric that people ask for first, by default what is optimised.

        `evaluate` gives it.
        """
        return self.config.optimize

    @property
    def notes(self):
        """What to know of its errors, a sentence each."""
        return ()

    @abc.abstractmethod
    def splits(self):
        """Returns the data: a dictionary of name to `Split`."""

    def learned_from(self, splits):
        """Returns the splits as the model that is trained takes them.

        By default they are those of `splits`. A task that trains only the
        head of a frozen network gives the network's features here.
        """
        return splits

    @abc.abstractmethod
    def model(self):
        """Returns the uncompiled model to train.

        The runner calls it after `splits`, in the strategy's scope.
        """

    def whole(self, model):
        """Returns the model to keep of the one that was trained.

        It is what is evaluated, saved and served, on the inputs of `splits`;
        by default the same. Heads that only help to train are left out here,
        and a frozen trunk is put back.
        """
        return model

    @abc.abstractmethod
    def loss(self):
        """Returns the loss."""

    def load(self, path):
        """Returns the model of a `.keras` file, not compiled."""
        from kerasnotes import archives

        return archives.load_model(path)

    def metrics(self):
        """Returns new metrics, in which every example counts alike."""
        return []

    def weighted_metrics(self):
        """Returns new metrics that take the examples' weights."""
        return []

    def choose(self, model, dev, chooser):
        """Returns what is chosen on dev once the weights are: a dictionary.

        It is JSON-able, kept in config.json and given back as `chosen` when
        the run is evaluated or serves; thresholds are an example.
        """
        return {}

    def fit(self, model, batches, **kwargs):
        """Trains `model`; a task that doesn't learn by `fit` replaces it."""
        return model.fit(batches, **kwargs)

    def evaluate(self, model, split):
        """Returns the metrics of the compiled `model`, a dictionary."""
        batches = split.evaluation_batches(self.config.batch_size)
        return model.evaluate(batches, verbose=0, return_dict=True)

    @abc.abstractmethod
    def judge(self, model, split):
        """Returns the `Judgement` of the split."""

    def measure(self, model, split, metrics):
        """Returns the error of the split, a `diagnosis.intervals.Measure`.

        Args:
            model: the model.
            split: the `Split`.
            metrics: what `evaluate` found there; by default its `error` is
                the share of `size` examples that are wrong.
        """
        from kerasnotes.diagnosis import intervals

        return intervals.Measure(metrics["error"], metrics["size"])

    def remedies(self, problem, facts):
        """Yields what to try against a problem, the most promising first.

        By default it is what any run can try.

        Args:
            problem: one of `diagnosis.verdicts`.
            facts: the run's `training.report.run_facts.RunFacts`.

        Returns:
            An iterable of `diagnosis.advice.Remedy`s.
        """
        from kerasnotes.training.report import remedies

        return remedies.remedies(problem, facts)

    @abc.abstractmethod
    def signatures(self, model):
        """Returns the served functions: a dictionary of name to `Signature`.

        `serving_default` takes what a client holds, `model_inputs` the
        model's own inputs.
        """

    @abc.abstractmethod
    def review(self, model, splits, folder):
        """Looks at the trained model's answers on dev.

        Writes its figures to `folder/figures` and `folder/mistakes.csv`.

        Returns:
            A list of `kerasnotes.plots.page` blocks for the report.
        """

    def modes(self):
        """Returns what the flags ask for in place of the runner's modes.

        A dictionary of mode to a function of the trained model and the
        run's folder.
        """
        return {}

    @abc.abstractmethod
    def predict(self, model, paths):
        """Yields a dictionary for each input: an answer to print."""
