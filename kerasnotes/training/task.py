"""The contract between a learning problem and the runner."""

import abc
import dataclasses
import typing


class Split(typing.Protocol):
    """A part of the data: train, dev, test or train_dev."""

    size: int
    """The number of examples."""

    def epochs(self, batch_size, seed, first_epoch, first_step, epochs):
        """Returns the `tf.data.Dataset` of training batches `(x, y, w)`.

        It runs from step `first_step` (from 0) of epoch `first_epoch` (from
        0) to the end of epoch `epochs - 1`, shuffled and augmented as a
        function of (seed, epoch, index) alone; partial batches are dropped.
        """

    def batches(self, batch_size):
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


class Task(abc.ABC):
    """A learning problem: it answers the runner's questions.

    Subclasses set `name` and `Config` and are built from a Config.

    Attributes:
        facts: what the data told, JSON-able; `splits` sets it, config.json
            keeps it, and a run goes on only with the same. It has at least
            `name` and the number of `train` examples.
    """

    name: str
    Config: type

    def __init__(self, config, facts=None):
        self.config = config
        self.facts = facts

    @abc.abstractmethod
    def splits(self):
        """Returns the data: a dictionary of name to `Split`."""

    @abc.abstractmethod
    def model(self):
        """Returns the uncompiled model.

        The runner calls it after `splits`, in the strategy's scope.
        """

    @abc.abstractmethod
    def loss(self):
        """Returns the loss."""

    def load(self, path):
        """Returns the model of a `.keras` file, not compiled."""
        import keras

        return keras.saving.load_model(path, compile=False)

    def metrics(self):
        """Returns new metrics."""
        return []

    def fit(self, model, batches, **kwargs):
        """Trains `model`; a task that doesn't learn by `fit` replaces it."""
        return model.fit(batches, **kwargs)

    def evaluate(self, model, split):
        """Returns the metrics of the compiled `model`, a dictionary."""
        batches = split.batches(self.config.batch_size)
        return model.evaluate(batches, verbose=0, return_dict=True)

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

    @abc.abstractmethod
    def predict(self, model, paths):
        """Yields a dictionary for each input: an answer to print."""
