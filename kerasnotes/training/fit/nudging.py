"""Nudges: what a person changes in a run while it trains."""

import dataclasses
import json
import sys

import keras
from keras import ops

from kerasnotes import errors, keras_private
from kerasnotes.optimizers import regularizers
from kerasnotes.training.distribute import workers

_PENALTIES = ("l1", "l2")
_KEYS = ("learning_rate", *_PENALTIES, "stop")


@keras.saving.register_keras_serializable("kerasnotes")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """`α_t = s · schedule(t)`, whose scale s changes while a model trains.

    The scale is a variable, so that a compiled step follows it without being
    traced anew. Another α₀ scales the whole of a schedule: a cosine goes on
    falling to 0, in the same number of steps.

    Args:
        schedule: a schedule.
        scale: s at first.

    >>> rate = Scaled(keras.optimizers.schedules.CosineDecay(0.2, 10))
    >>> _ = rate.scale.assign(0.5)
    >>> [round(float(rate(step)), 3) for step in (0, 5, 10)]
    [0.1, 0.05, 0.0]
    """

    def __init__(self, schedule, scale=1.0):
        if isinstance(schedule, dict):
            schedule = keras.saving.deserialize_keras_object(schedule)
        self.schedule = schedule
        self.scale = keras.Variable(scale, trainable=False, name="rate_scale")

    def __call__(self, step):
        """Return the rate at `step`, from 0."""
        rate = self.schedule(step)
        return rate * ops.cast(self.scale, rate.dtype)

    def get_config(self):
        """Return the constructor's arguments, the scale as it is now."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        scale = float(ops.convert_to_numpy(self.scale))
        return {"schedule": schedule, "scale": scale}


def last_rate(optimizer):
    """Return the learning rate of the last step that changed the weights.

    An optimiser's own attribute gives that of the next step: of the next
    epoch, where one has just ended.

    Args:
        optimizer: the compiled model's.

    >>> rate = keras.optimizers.schedules.ExponentialDecay(0.2, 1, 0.5)
    >>> optimizer = keras.optimizers.SGD(rate)
    >>> optimizer.apply([ops.ones(1)], [keras.Variable([0.0])])
    >>> round(last_rate(optimizer), 3)
    0.2
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    schedule = keras_private.learning_rate(inner)
    if not isinstance(
        schedule, keras.optimizers.schedules.LearningRateSchedule
    ):
        return float(ops.convert_to_numpy(schedule))
    done = int(ops.convert_to_numpy(inner.iterations))
    return float(ops.convert_to_numpy(schedule(max(done - 1, 0))))


class Nudger:
    """Reads nudge.json and sets a model's rate and penalties by it.

    The file is written by hand while the run trains, and holds any of
    `{"learning_rate": 1e-4, "l1": 0, "l2": 0.5, "stop": true}`: numbers as
    the flags of those names take them. The rate is α₀: a schedule keeps its
    shape. What can't be taken is told in one line, once, and the whole file
    left until it can; what has been taken holds although the file is gone.

    Args:
        path: the file.
        model: the compiled model.
        config: the run's `Config`, whose numbers hold until the first nudge.
    """

    def __init__(self, path, model, config):
        self._path, self._config, self._last_error = path, config, None
        self._optimizer = model.optimizer
        fields = dataclasses.fields(config)
        self._bounds = {f.name: f.metadata["bounds"] for f in fields}
        penalties = [v.regularizer for v in model.trainable_variables]
        self._penalties = [
            (name, penalty.scales[name])
            for penalty in {id(p): p for p in penalties}.values()
            if isinstance(penalty, regularizers.Penalty)
            for name in penalty.scales
            if getattr(config, name)
        ]

    def values(self, nudges):
        """Return what holds after the nudges, by key."""
        begun = {key: getattr(self._config, key, False) for key in _KEYS}
        return begun | {nudge["key"]: nudge["value"] for nudge in nudges}

    def penalties(self, nudges):
        """Return the strengths, by key, of the penalties that there are."""
        names = sorted({name for name, _ in self._penalties})
        return {name: self.values(nudges)[name] for name in names}

    def nudge(self, row, nudges):
        """Do what the file asks for, between two epochs.

        Args:
            row: the ended epoch's row of the history, which takes the text.
            nudges: those before, which take the new ones.

        Returns:
            Whether the run is to stop.
        """
        nudged = self.read(row["epoch"], nudges)
        if nudged:
            row["nudge"] = f"{row.get('nudge', '')} {text(nudged)}".strip()
            nudges += nudged
            self.apply(nudges)
        return self.values(nudges)["stop"]

    def read(self, epoch, nudges):
        """Return what the file asks for that doesn't hold yet.

        Of several workers the chief reads it, and hands on what it says.

        Args:
            epoch: the epoch, from 1, that has just ended.
            nudges: those before.

        Returns:
            A list of `{"epoch": epoch, "key": key, "value": value}`.
        """
        nudged = self._read(epoch, nudges) if workers.is_chief() else []
        return json.loads(workers.from_chief(json.dumps(nudged).encode()))

    def _read(self, epoch, nudges):
        try:
            asked = self._asked()
        except errors.UserError as error:
            if self._last_error != str(error):
                _say(f"{error}; nothing in it is taken, the run goes on")
            self._last_error = str(error)
            return []
        self._last_error, now = None, self.values(nudges)
        nudged = [
            {"epoch": epoch, "key": key, "value": value}
            for key, value in asked.items()
            if value != now[key]
        ]
        if nudged:
            _say(f"{self._path}: after epoch {epoch}: {text(nudged)}")
        return nudged

    def apply(self, nudges):
        """Set the variables to what holds after the nudges."""
        now = self.values(nudges)
        inner = getattr(self._optimizer, "inner_optimizer", self._optimizer)
        schedule = keras_private.learning_rate(inner)
        if isinstance(schedule, Scaled):
            begun = self._config.learning_rate
            schedule.scale.assign(now["learning_rate"] / begun)
        else:
            inner.learning_rate = now["learning_rate"]
        for name, scale in self._penalties:
            scale.assign(now[name] / getattr(self._config, name))

    def _asked(self):
        try:
            content = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise errors.UserError(
                f"{self._path}: not JSON that can be read ({error})"
            ) from error
        if not isinstance(content, dict):
            raise errors.UserError(
                f'{self._path}: give {{"learning_rate": 0.001}}. Received: '
                f"{_short(content)}"
            )
        return {key: self._checked(key, content[key]) for key in content}

    def _checked(self, key, value):
        """Return the value as the run takes it, or refuse it."""
        if key not in _KEYS:
            raise errors.unknown(str(self._path), key, _KEYS)
        if key == "stop":
            if not isinstance(value, bool):
                raise self._refusal(key, "must be true or false", value)
            return value
        # Python takes true and false for numbers.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal(key, "must be a number", value)
        least, most = self._bounds[key]
        if not least <= value <= most:
            raise self._refusal(
                key, f"must be from {least:g} to {most:g}", value
            )
        changed = value != getattr(self._config, key)
        if key in _PENALTIES and changed and key not in self.penalties([]):
            raise self._refusal(
                key,
                "the run has no such penalty; one that begins with a small "
                f"--{key} has",
                value,
            )
        return float(value)

    def _refusal(self, key, reason, value):
        return errors.UserError(
            f"{self._path}: {key}: {reason}. Received: {_short(value)}"
        )


def text(nudges):
    """Return nudges as a person reads them.

    >>> text([{"epoch": 3, "key": "l2", "value": 0.5}])
    'l2=0.5'
    """
    return " ".join(f"{n['key']}={json.dumps(n['value'])}" for n in nudges)


def _short(value):
    return repr(value)[:60]


def _say(line):
    # The step a terminal shows is written over.
    print(f"\r\x1b[K{line}" if sys.stdout.isatty() else line, flush=True)
