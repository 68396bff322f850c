"""A run as a task meets it: its folder, its flags, steps that survive kills."""

import dataclasses
import functools
import signal
import time

from etils import epy

from kerasnotes import errors

with epy.lazy_imports():
    from kerasnotes import files
    from kerasnotes.training.fit import checkpoints
    from kerasnotes.training.run import command


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a trainer.

    Attributes:
        config: its flags.
        folder: its `RunFolder`, open and locked while it learns.
        watchers: Keras callbacks beside the engine's own.
    """

    config: object
    folder: object
    watchers: tuple = ()

    @functools.cached_property
    def checkpoints(self):
        """The run's `Checkpoints`."""
        return checkpoints.Checkpoints(self.folder / "checkpoints")

    def output(self, name):
        """Return the path of what `--overwrite` may delete, by its name."""
        return self.folder.output(name)

    def steps(self, facts, variables, count):
        """Yield the steps of any learning, from wherever the run was.

        Between two steps the variables and what was recorded are written
        down: every five minutes, after the last step, and when the process is
        asked to stop. A killed run goes on from there; learning whose steps
        depend on nothing but the variables and the step's number ends as if
        it was never killed.

        Args:
            facts: those of the data; a run goes on only with the same.
            variables: the `keras.Variable`s that a step depends on, those of
                an optimiser included.
            count: how many steps there are in all.

        Yields:
            A `Step`.

        Raises:
            UserError: the run has begun with other data or variables.
            Preempted: the process was asked to stop.
        """
        self.folder.begin(self.config, facts)
        state = {"step": 0, "history": [], "seconds": 0.0}
        last = self.checkpoints.load_last()
        if last:
            values, saved, path = last
            checkpoints.restore(variables, values, path)
            state |= saved
            print(f"going on from {path}, after step {state['step']}")
        asked = []
        signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
        began = saved_at = time.monotonic()
        spent = state["seconds"]
        while state["step"] < count:
            yield Step(state["step"] + 1, state["history"])
            state["step"] += 1
            now = time.monotonic()
            state["seconds"] = spent + now - began
            due = now - saved_at > checkpoints.SECONDS
            if asked or due or state["step"] == count:
                self._save(variables, state)
                saved_at = now
            if asked:
                raise errors.Preempted
        signal.signal(signal.SIGTERM, command.stop)

    def history(self):
        """Return what the steps have recorded, and the seconds they took."""
        last = self.checkpoints.load_last()
        state = last[1] if last else {"history": [], "seconds": 0.0}
        return {name: state[name] for name in ("history", "seconds")}

    def _save(self, variables, state):
        self.folder.check_there()
        self.checkpoints.save_last(
            state["step"], checkpoints.collect(variables), state
        )
        if state["history"]:
            files.write_csv(self.folder / "history.csv", state["history"])


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of a run's learning.

    Attributes:
        number: which it is, from 1.
    """

    number: int
    _history: list

    def record(self, **numbers):
        """Add a row to history.csv."""
        values = {name: float(value) for name, value in numbers.items()}
        self._history.append({"step": self.number, **values})
