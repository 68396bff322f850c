"""A search's study: its folder, and trials that one process each claims."""

import contextlib
import dataclasses
import fcntl
import os
import shutil
import sqlite3

import optuna
from optuna.trial import TrialState

from kerasnotes import errors
from kerasnotes.diagnosis import selection
from kerasnotes.tools.tune import search_space, search_text
from kerasnotes.training import runner
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import options as options_lib
from kerasnotes.training.run import places

optuna.logging.set_verbosity(optuna.logging.ERROR)

_LOCK_SECONDS = 60
_FEWEST = 3
_TRIED = (TrialState.COMPLETE, TrialState.PRUNED)


class Study:
    """A study as one process sees it; others may work on it meanwhile.

    Args:
        folder: its folder, a `pathlib.Path`.
        task_class: the `Task`.
        configured: a function of flags, a dictionary of text, that returns
            the fields given and the task's Config.
        space: the `Dimension`s.
        config: the search's own Config.

    Raises:
        UserError: the flags refuse a value of the search, or the folder
            holds another search or can't be written.
    """

    def __init__(self, folder, task_class, configured, space, config):
        self.folder, self.space, self.config = folder, space, config
        self.task_class, self._configured = task_class, configured
        self.base = configured({})[1]
        self.chooser = selection.Selection(
            self.base.optimize, self.base.satisfy
        )
        self._check_ends()
        with self.locked():
            try:
                self.optuna = self._open()
                self._check_records()
            except errors.UserError:
                raise
            except Exception as error:  # SQLite and Optuna raise at will.
                reason = " ".join(str(error.__cause__ or error).split())
                raise errors.UserError(
                    f"{self._database}: not a study that can be read "
                    f"({reason:.300}); restore it, or give another --study_dir"
                ) from error

    @contextlib.contextmanager
    def locked(self):
        """Keep other processes from claiming trials meanwhile."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise errors.UserError(
                f"--study_dir={self.folder}: can't be written: "
                f"{error.strerror}; give a folder that you may write"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def flags(self, values):
        """Return the fields given and the Config of a trial's values."""
        base = dataclasses.asdict(self.base)
        return self._configured(search_text.flags(values, base))

    def run_folder(self, number):
        """Return the `RunFolder` of a trial."""
        path = self.folder / "trials" / f"{number:04d}"
        return run_folder.RunFolder(path, self.task_class.name)

    def trials(self, *states):
        """Return Optuna's records of the trials in these states, or all."""
        return self.optuna.get_trials(deepcopy=False, states=states or None)

    def ranked(self):
        """Return the records of complete trials, the best first."""
        complete = {t.number: t for t in self.trials(TrialState.COMPLETE)}
        ranked = []
        while complete:
            best = self.chooser.choose(
                [
                    t.user_attrs["dev"] | {"trial": n}
                    for n, t in complete.items()
                ]
            )
            ranked.append(complete.pop(best["trial"]))
        return ranked

    def draw(self, number):
        """Return the values of a new trial, a dictionary.

        They depend on the seed and the trial's number, so that the processes
        of a study don't repeat each other. In a later round the ranges are
        narrowed to the best quarter of the rounds before, at least 3: see
        `Dimension.narrowed`.
        """
        config, space = self.config, self.space
        done = number * config.zoom // config.trials
        if done:
            # The first trial of this round.
            first = -(-done * config.trials // config.zoom)
            tried = [t for t in self.trials(*_TRIED) if t.number < first]
            count = max(_FEWEST, len(tried) // 4)
            ranked = [t for t in self.ranked() if t.number < first]
            best = [t.params for t in ranked[:count]]
            if len(best) >= _FEWEST:
                space = [d.narrowed([p[d.name] for p in best]) for d in space]
        return search_space.sample(space, config.seed, number)

    @contextlib.contextmanager
    def claimed(self):
        """Yield an Optuna trial for this process alone, or None.

        A trial that a killed process left comes before a new one; None means
        that all are done or in other hands.
        """
        with contextlib.ExitStack() as stack:
            with self.locked():
                trial = self._orphan(stack) or self._new(stack)
                for dimension in self.space if trial else ():
                    _suggest(trial, dimension)
            yield trial

    def _orphan(self, stack):
        for left in self.trials(TrialState.RUNNING):
            if self._take(left.number, stack):
                # Optuna's public way makes a new trial of it, from its start.
                return optuna.trial.Trial(self.optuna, left._trial_id)
        return None

    def _new(self, stack):
        if len(self.trials()) >= self.config.trials:
            return None
        trial = self.optuna.ask()
        self._take(trial.number, stack)
        return trial

    def _take(self, number, stack):
        folder = self.run_folder(number)
        try:
            stack.enter_context(folder.locked())
        except (OSError, errors.UserError):
            return False
        return True

    def _check_ends(self):
        """Refuses ranges whose ends the flags refuse."""
        first = {d.name: d.ends()[0] for d in self.space}
        for dimension in self.space:
            for value in dimension.ends():
                _, config = self.flags(first | {dimension.name: value})
                config.check()
                compiling.check_optimizer(config)
                compiling.optimizer(config, 1)

    def _open(self):
        """Open the study, or make it anew where nothing is learned."""
        with contextlib.closing(
            sqlite3.connect(self._database, timeout=_LOCK_SECONDS)
        ) as database:
            (search,) = database.execute("pragma integrity_check").fetchone()
            if search != "ok":
                raise ValueError(search)
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{self._database}",
            engine_kwargs={"connect_args": {"timeout": _LOCK_SECONDS}},
        )
        study = self._create(storage)
        search = {
            "task": self.task_class.name,
            "search": self.config.search,
            "seed": self.config.seed,
            "zoom": self.config.zoom,
            **self.base.learned(),
            "epochs": self.base.epochs,
        }
        known = study.user_attrs.get("told", search)
        known = options_lib.resolved(type(self.base), known)
        if known != search and not self._moved(known, search):
            _refuse_other(self.folder, known, search)
            optuna.delete_study(study_name=study.study_name, storage=storage)
            shutil.rmtree(self.folder / "trials", ignore_errors=True)
            study = self._create(storage)
        study.set_user_attr("told", search)
        return study

    def _moved(self, known, search):
        """Return whether a study is the same, on data that lie elsewhere.

        Raises:
            UserError: the data that lie there are others.
        """
        moved = places.moved(self.base, {"flags": known})
        if {n for n in search if known.get(n) != search[n]} - {*moved}:
            return False
        for path in sorted(self.folder.glob("trials/*/config.json")):
            folder = self.run_folder(int(path.parent.name))
            if folder.begun:
                # The others learned from the same.
                runner.find_again(folder, self._of_trial(folder))
                return True
        return False

    def _of_trial(self, folder):
        """Return the task of a trial, whose data lie where the flags say."""
        config_class = self.task_class.Config
        flags = run_folder.saved_flags(config_class, folder.read(), folder)
        flags |= {
            name: getattr(self.base, name)
            for name in places.moved(self.base, {"flags": flags})
        }
        return self.task_class(config_class(**flags))

    def _check_records(self):
        """Refuses trials that aren't as they were told."""
        for number, trial in enumerate(self.trials()):
            attributes, name = trial.user_attrs, self.chooser.optimize
            sound = trial.number == number and not trial.state.is_finished()
            sound = sound or (
                trial.number == number
                and {d.name for d in self.space} <= trial.params.keys()
                and isinstance(attributes.get("epochs"), int)
                and isinstance(attributes.get("seconds"), float)
                and isinstance(attributes.get("reason", 0), str | None)
                and isinstance(attributes.get("dev", 0), dict | None)
            )
            if trial.state == TrialState.COMPLETE:
                sound = sound and attributes["dev"].get(name) == trial.value
            if not sound:
                raise ValueError(f"trial {number} is damaged")

    @property
    def _database(self):
        return self.folder / "study.db"

    def _create(self, storage):
        smaller = selection.smaller_is_better(self.base.optimize)
        return optuna.create_study(
            study_name="search",
            storage=storage,
            sampler=_Sampler(self),
            # Before its export a trial's sum lacks latency and size.
            pruner=_pruner(
                self.config.prune
                and self.chooser.weights.keys().isdisjoint(
                    self.chooser.at_export
                ),
                self.base.epochs,
            ),
            direction="minimize" if smaller else "maximize",
            load_if_exists=True,
        )


class _Sampler(optuna.samplers.RandomSampler):
    """Gives Optuna what the study draws."""

    def __init__(self, study):
        super().__init__()
        self._study, self._number = study, None

    def sample_independent(self, study, trial, param_name, param_distribution):
        if self._number != trial.number:
            self._number = trial.number
            self._values = self._study.draw(trial.number)
        return self._values[param_name]


def _pruner(prune, epochs):
    """Return the pruner.

    The median rule: of 25 trials on digits, in 60 orders, it spared 53 % of
    the epochs and kept the best in 97 %. Successive halving spared 58 % and
    kept it in 88 %, or 77 % and 63 %: early epochs rank badly.
    """
    if not prune:
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(5, max(2, epochs // 10))


def _suggest(trial, dimension):
    name, low, high = dimension.name, dimension.low, dimension.high
    if dimension.kind == "choice":
        return trial.suggest_categorical(name, dimension.choices)
    if dimension.kind in ("int", "logint"):
        return trial.suggest_int(name, low, high, log=dimension.is_log)
    # Of one_minus_log Optuna only keeps the record.
    return trial.suggest_float(name, low, high, log=dimension.kind == "log")


def _refuse_other(folder, known, search):
    """Raise if a study with something learned is another search."""
    if not any(folder.glob("trials/*/checkpoints/*.npz")):
        return
    name = next(n for n in {**known, **search} if known.get(n) != search.get(n))
    raise errors.UserError(
        f"--{name}={search.get(name)}: the search in {folder} has "
        f"--{name}={known.get(name)}; give another --study_dir"
    )
