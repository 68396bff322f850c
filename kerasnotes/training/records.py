"""What a task and the engine hand to one another; nothing here changes."""

from __future__ import annotations

import dataclasses
import typing

from etils import epy

with epy.lazy_imports():
    import numpy as np

    from kerasnotes import splits

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import keras
    import tensorflow as tf


class Split(typing.Protocol):
    """A part of the data: train, dev, test or train_dev."""

    size: int
    """The number of examples."""

    ids: Sequence[str]
    """A string for each, by which people find it.

    Where ids are places in a file, which may come to hold others, a split
    has `keys` too: bytes or a text of what is there, for each example.
    """

    def take(self, size: int) -> Split:
        """Return a `Split` of `size` of the examples, a fair sample.

        Which ones depends on their ids alone, and a smaller number takes
        some of what a larger takes.
        """

    def steps(self, batch_size: int) -> int:
        """Return the number of training batches of an epoch."""

    def training_batches(
        self,
        batch_size: int,
        seed: int,
        first_epoch: int,
        first_step: int,
        epochs: int,
        share: tuple[int, int] = (0, 1),
    ) -> tf.data.Dataset:
        """Return the `tf.data.Dataset` of training batches `(x, y, w)`.

        It runs from step `first_step` (from 0) of epoch `first_epoch` (from
        0) to the end of epoch `epochs - 1`, shuffled and augmented as a
        function of (seed, epoch, index) alone; partial batches are dropped.
        Of several workers that share a batch, one takes the part
        `share = (index, count)` of it. Nests of tensors may stand for `x`.
        """

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        """Return all examples in order, as they are.

        It is a `tf.data.Dataset` of `(x, y, w)`; the last may be partial.
        """


@dataclasses.dataclass(frozen=True)
class Signature:
    """A served function.

    Attributes:
        function: takes tensors by name, returns a dictionary of tensors.
        inputs: `tf.TensorSpec`s with names, in the function's order.
    """

    function: Callable[..., dict]
    inputs: tuple[tf.TensorSpec, ...]


@dataclasses.dataclass(frozen=True)
class Data:
    """What a task learns from, and is judged by.

    Attributes:
        splits: a dictionary of name to `Split`: `train` and `dev` for
            supervised learning, and `train_dev` and `test` where there are
            such; empty where there are no examples.
        facts: what the data say of the model and the run, JSON-able.
            config.json keeps them, and a run goes on only with the same.
        example: arrays by the names of the inputs of the signature
            `model_inputs`, on which exports are compared with the model;
            None takes them from dev.
    """

    splits: dict[str, Split]
    facts: dict
    example: dict[str, np.ndarray] | None = None


@dataclasses.dataclass(frozen=True)
class Trained:
    """What was learned; all that answering takes.

    Attributes:
        model: the Keras model.
        facts: those of the data.
        decisions: what was decided on dev once the weights were there, as
            thresholds; JSON-able, kept in config.json.
        state: how learning went: `history` (a row an epoch), `seconds`; None
            where a finished run was opened.
        answered: pairs of a split and its `Answers`, which need not be asked
            for again.
    """

    model: keras.Model
    facts: dict
    decisions: dict = dataclasses.field(default_factory=dict)
    state: dict | None = None
    answered: tuple[tuple[Split, Answers], ...] = ()


@dataclasses.dataclass(frozen=True)
class Report:
    """What a run has to show.

    Attributes:
        title: the page's.
        subtitle: a line below it.
        metrics: for metrics.json, JSON-able.
        blocks: `kerasnotes.plots.page` blocks.
        text: the last lines on the terminal.
    """

    title: str
    subtitle: str
    metrics: dict
    blocks: list
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Metrics:
    """New Keras metrics to compile with.

    Attributes:
        plain: those in which every example counts alike.
        weighted: those that take the examples' weights; their names begin
            with `weighted_`.
    """

    plain: list[keras.metrics.Metric]
    weighted: list[keras.metrics.Metric] = dataclasses.field(
        default_factory=list
    )


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a model answers to each example of a split, in the split's order.

    They are computed once and handed on; tasks with more to say extend it.

    Attributes:
        split: the `Split`.
        outputs: the model's outputs, float32 `[n, ...]`.
        targets: the true ones, `[n, ...]`.
        weights: the examples' weights, `[n]`.
    """

    split: Split
    outputs: np.ndarray
    targets: np.ndarray | None = None
    weights: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of each example of a split, in the split's order.

    Attributes:
        errors: what it counts in the error, `[n]`: 0 for right and 1 for
            wrong, or a share between, or a squared error as a share of the
            target's variance.
        rows: a dictionary for each example: `id`, `true`, `given` and what
            else mistakes.csv shows.
        picture: a function of an example's place that returns a PNG's bytes,
            or None.
    """

    errors: np.ndarray
    rows: list[dict]
    picture: Callable[[int], bytes] | None = None

    def sample(self) -> list[int]:
        """Return the places of the wrong examples in random order.

        It depends on their ids alone, and any beginning is a fair sample.
        """
        wrong = self.mistakes()
        order = splits.nested([self.rows[i]["id"] for i in wrong])
        return [wrong[i] for i in order]

    def mistakes(self) -> list[int]:
        """Return the places of the wrong examples, the surest first."""
        wrong = np.flatnonzero(self.errors)
        sure = [-self.rows[i].get("confidence", self.errors[i]) for i in wrong]
        return [int(i) for i in wrong[np.argsort(sure, kind="stable")]]
