"""The two contracts between a learning problem and the engine.

`Task` asks five questions of any learning; `SupervisedTask` answers two of
them for what learns by `fit` from labelled examples, and asks others. Nothing
assigns to a task after its constructor: what is learned is handed on.
"""

from __future__ import annotations

import abc
import typing

from etils import epy

from kerasnotes.training import records

with epy.lazy_imports():
    from kerasnotes.diagnosis import intervals
    from kerasnotes.training.fit import evaluating, learning
    from kerasnotes.training.report import remedies, supervised

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import keras

    from kerasnotes.diagnosis import advice
    from kerasnotes.diagnosis import selection as selection_lib
    from kerasnotes.training.report import run_facts
    from kerasnotes.training.run import config as config_lib
    from kerasnotes.training.run import session


class Task(abc.ABC):
    """A learning problem: five questions that the runner asks.

    Subclasses set `name` and `Config`, and are built from a Config. What
    learns without `fit` (style transfer, embeddings) stops here.
    """

    name: str
    Config: type[config_lib.RunConfig]
    Trained: type[records.Trained] = records.Trained

    def __init__(self, config: typing.Any) -> None:
        self.config = config

    @abc.abstractmethod
    def data(self, facts: dict | None = None) -> records.Data:
        """Return the `Data`.

        Args:
            facts: those of a run that has learned, whose model is to answer:
                the data come as that model takes them. None in training.
        """

    @abc.abstractmethod
    def learn(self, run: session.Run, data: records.Data) -> records.Trained:
        """Learns from wherever the run was; returns the `Trained`.

        Args:
            run: the `session.Run`: its folder, its checkpoints, and
                steps that a kill doesn't undo.
            data: the `Data`.
        """

    @abc.abstractmethod
    def signatures(
        self, trained: records.Trained
    ) -> dict[str, records.Signature]:
        """Return the served functions: a dictionary of name to `Signature`.

        `serving_default` takes what a client holds, `model_inputs` the
        model's own inputs. All outputs are batched.
        """

    @abc.abstractmethod
    def predict(
        self, trained: records.Trained, inputs: Sequence[str]
    ) -> Iterator[dict]:
        """Yield a dictionary for each input: an answer to print."""

    @abc.abstractmethod
    def report(
        self, run: session.Run, trained: records.Trained, data: records.Data
    ) -> records.Report:
        """Return the `Report`; figures go to `run.folder / "figures"`."""

    def modes(self) -> dict[str, Callable]:
        """Return what answers a mode in place of the runner.

        A dictionary of mode to a function of the `runner.OpenRun` and the
        inputs that the command line names.
        """
        return {}


class SupervisedTask(Task):
    """Learning by `fit` from labelled examples; dev chooses and judges.

    `score`, `outcome`, `error` and `decide` are functions of answers alone.
    """

    @abc.abstractmethod
    def model(self, facts: dict) -> keras.Model:
        """Return the uncompiled model to save and serve.

        The engine calls it in the strategy's scope.
        """

    def training_model(self, model: keras.Model) -> keras.Model:
        """Return the model to train; it shares the layers of `model`.

        By default the same. One with heads that only help to train, or the
        head alone of a frozen network, are examples.
        """
        return model

    def training_data(
        self, run: session.Run, model: keras.Model, data: records.Data
    ) -> records.Data:
        """Return the `Data` as the model that is trained takes them.

        By default the same. A task that trains the head alone of a frozen
        network gives the network's features here.
        """
        return data

    def show_data(self, run: session.Run, data: records.Data) -> None:
        """Write what people should look at before it learns.

        By default nothing. Pictures with their boxes are an example. The
        engine calls it once the run's folder is its own.
        """

    @abc.abstractmethod
    def loss(self, facts: dict) -> keras.losses.Loss | dict | str | Callable:
        """Return the loss.

        Args:
            facts: those of the data.
        """

    def metrics(self, facts: dict, decisions: dict) -> records.Metrics:
        """Return new `Metrics`.

        Args:
            facts: those of the data.
            decisions: what `decide` returned; empty in training.
        """
        return records.Metrics([])

    def answers(
        self, trained: records.Trained, split: records.Split
    ) -> records.Answers:
        """Return the `Answers` of a model to a split.

        They are the model's alone, whatever was decided: those by which
        `decide` decides are scored too.
        """
        return evaluating.answers(trained.model, split, self.config.batch_size)

    def decide(
        self,
        trained: records.Trained,
        answers: records.Answers,
        selection: selection_lib.Selection,
    ) -> dict:
        """Return what is decided on dev once the weights are: a dictionary.

        It is JSON-able, kept in config.json, and part of `Trained` from then
        on; thresholds are an example.

        Args:
            trained: the `Trained`, still without decisions.
            answers: its `Answers` to dev.
            selection: the `diagnosis.selection.Selection` to be best for.
        """
        return {}

    def score(self, trained: records.Trained, answers: records.Answers) -> dict:
        """Return the metrics of a split, a dictionary with `size`.

        By default with the loss and the metrics that the model is compiled
        with.
        """
        metrics = evaluating.score(self, trained, answers)
        return {"size": answers.split.size, **metrics}

    @abc.abstractmethod
    def outcome(
        self, trained: records.Trained, answers: records.Answers
    ) -> records.Outcome:
        """Return the `Outcome` of a split."""

    def error(
        self,
        trained: records.Trained,
        answers: records.Answers,
        metrics: dict,
    ) -> intervals.Measure:
        """Return the error of a split, a `diagnosis.intervals.Measure`.

        Args:
            trained: the `Trained`.
            answers: its `Answers`.
            metrics: what `score` returned; by default its `error` is the
                share of `size` examples that are wrong.
        """
        return intervals.Measure(metrics["error"], metrics["size"])

    def review(
        self,
        run: session.Run,
        trained: records.Trained,
        data: records.Data,
        answers: dict[str, records.Answers],
    ) -> list:
        """Write mistakes.csv and figures; return blocks for the report.

        Args:
            run: the `Run`.
            trained: the `Trained`.
            data: the `Data`.
            answers: a dictionary of split to its `Answers`.
        """
        return []

    def remedies(
        self, problem: str, facts: run_facts.RunFacts
    ) -> Iterable[advice.Remedy]:
        """Yield what to try against a problem, the most promising first.

        By default it is what any run can try.

        Args:
            problem: one of `diagnosis.verdicts`.
            facts: the run's `training.report.run_facts.RunFacts`.

        Returns:
            An iterable of `diagnosis.advice.Remedy`s.
        """
        return remedies.remedies(problem, facts)

    def subject(self, facts: dict) -> str:
        """Return what it learns from, as the report's title says it."""
        return self.config.subject

    def headline(self, facts: dict) -> str:
        """Return the name of the metric that people ask for first."""
        return self.config.selection().metric

    def notes(self, facts: dict) -> Iterable[str]:
        """Return what to know of its errors, a sentence each."""
        return ()

    def learn(self, run: session.Run, data: records.Data) -> records.Trained:
        """Trains by `fit`, decides on dev, and learns on parts if asked."""
        return learning.learn(self, run, data)

    def report(
        self, run: session.Run, trained: records.Trained, data: records.Data
    ) -> records.Report:
        """Evaluate every split and say where the error comes from."""
        return supervised.report(self, run, trained, data)
