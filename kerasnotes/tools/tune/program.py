"""The search's command line: many trials of one trainer."""

import dataclasses
import pathlib
import subprocess
import sys

from absl import flags as absl_flags
from etils import epy

from kerasnotes import errors, tasks
from kerasnotes.training.run import command
from kerasnotes.training.run import config as config_lib
from kerasnotes.training.run import flags as flags_lib
from kerasnotes.training.run import options as options_lib

with epy.lazy_imports():
    import optuna
    import sqlalchemy.exc

    from kerasnotes.tools.tune import importance, search_text, trials
    from kerasnotes.tools.tune import report as search_report
    from kerasnotes.tools.tune import study as study_lib

option, setting = config_lib.option, config_lib.setting
_OWN = ("mode", "run_dir", "overwrite")


@dataclasses.dataclass(frozen=True)
class Config:
    """What a search can be told; the trainer's flags stand behind `--`."""

    task: str = option(
        "classify",
        "Trainer whose hyperparameters are searched.",
        choices=tuple(tasks.names()),
    )
    study_dir: str = setting("runs/search", "Study folder.")
    search: str = option(
        "",
        "Search space, as name=kind:range,…; see above. Or importance:1, 2 "
        "or 3, in the order of importance: the learning rate; also momentum, "
        "batch size, units; also layers, learning-rate decay (with --zoom=2 "
        "where it isn't said otherwise).",
    )
    trials: int = setting(
        25,
        "Trials of all processes together; a finished search continues "
        "with more.",
        bounds=(1, 10**6),
    )
    zoom: int = option(
        1,
        "Rounds from coarse to fine; each after the first samples around "
        "the best quarter of the trials.",
        bounds=(1, 100),
    )
    prune: bool = setting(True, "Prune trials that look hopeless.")
    seed: int = option(0, "Random seed of the samples.", bounds=(0, 2**32 - 1))
    processes: int = setting(
        1, "Parallel processes that share the trials.", bounds=(1, 1024)
    )


def main():
    """Run the command line; return only through `sys.exit`."""
    program = f"trainers.{pathlib.Path(sys.argv[0]).stem}"
    command.guarded(lambda: _check_words(sys.argv[1:]), program)
    command.run(Config, run)


def _check_words(words):
    """Refuses the trainer's flags before the bare `--`."""
    fields = {f.name for f in dataclasses.fields(Config)}
    others = {
        f.name
        for name in tasks.names()
        for f in dataclasses.fields(tasks.get(name).Config)
    }
    for word in words[: words.index("--") if "--" in words else None]:
        name = word.lstrip("-").partition("=")[0]
        if word.startswith("--") and name in others - fields:
            raise errors.UserError(
                f"{word}: a flag of the trainer; these stand last, behind a "
                f"bare --: … -- {word}"
            )


def run(flags_named, rest, program):
    """Search, or go on; the last process to end writes the results.

    Args:
        flags_named: the fields that the user named.
        rest: the words behind `--`.
        program: the module, for processes beside this one.
    """
    config = _config(flags_named)
    errors.optional_import("the search", "optuna", "tune")
    if not config.search:
        raise errors.UserError(
            "--search: say what to draw, such as "
            "--search='learning_rate=log:1e-4:1'"
        )
    task_class = tasks.get(config.task)
    configured = Configured(task_class, rest)
    search = importance.expanded(config.search, configured({})[1])
    if search != config.search:
        print(f"--search={config.search}: {search}")
    space = search_text.parse(search)
    _check_names(space, task_class)
    folder = pathlib.Path(config.study_dir)
    try:
        study = study_lib.Study(folder, task_class, configured, space, config)
        _search(study, program)
        search_report.finish(study)
    except (
        sqlalchemy.exc.SQLAlchemyError,
        optuna.exceptions.StorageInternalError,
    ) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise errors.UserError(
            f"{folder / 'study.db'}: {reason}; mend it, or give another "
            "--study_dir"
        ) from error


def _config(flags_named):
    """Return the Config; presets go from coarse to fine by themselves."""
    if importance.is_preset(flags_named.get("search", "")):
        flags_named = {"zoom": 2} | flags_named
    config = Config(**flags_named)
    options_lib.check_bounds(config)
    return config


def _search(study, program):
    """Works on trials until none is left, with other processes beside."""
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    words[at:at] = ["--processes=1"]
    others = [
        subprocess.Popen([sys.executable, "-m", program, *words])
        for _ in range(study.config.processes - 1)
    ]
    try:
        _work(study)
        for process in others:
            process.wait()
    finally:
        for process in others:
            process.terminate()
            process.wait()
    # What a process that died has left.
    _work(study)


def _work(study):
    while True:
        with study.claimed() as trial:
            if trial is None:
                return
            print(trials.attempt(study, trial), flush=True)


def _check_names(space, task_class):
    """Refuses names that are no flags of the trainer."""
    fields = {
        f.name: f
        for f in dataclasses.fields(task_class.Config)
        if f.metadata["learned"]
    }
    names = {d.name for d in space}
    for dimension in space:
        if dimension.name == "beta":
            continue
        flag, dot, _ = dimension.name.partition(".")
        if flag not in fields:
            error = errors.unknown("--search", flag, fields)
            raise errors.UserError(
                f"{str(error).rstrip('.')}; a name is a flag of "
                f"{task_class.name} that changes what is learned, alone or "
                "with an argument of its value behind a dot, as "
                "optimizer.beta_1=one_minus_log:0.9:0.999"
            )
        listed = {f"{flag}.layers", f"{flag}.units"} <= names
        if dot and not listed and not isinstance(fields[flag].default, str):
            raise errors.UserError(
                f"--search={dimension.name}: --{flag} takes no arguments"
            )


class Configured:
    """Makes a trial's Config as the trainer's command line would."""

    def __init__(self, task_class, words):
        self._config_class, self._words = task_class.Config, words
        values, _ = self({})
        for name in _OWN:
            if name in values:
                raise errors.UserError(
                    f"--{name}: the search gives each trial its own; leave "
                    "the flag out"
                )
        if values.get("strategy") in ("auto", "multi_worker"):
            raise errors.UserError(
                f"--strategy={values['strategy']}: a trial is one process; "
                "give one_device, mirrored or tpu, or leave the flag out"
            )

    def __call__(self, flags):
        """Return the fields given, and the Config of all."""
        values = absl_flags.FlagValues()
        flags_lib.define(self._config_class, values)
        words = [f"--{name}={value}" for name, value in flags.items()]
        flags_named, rest = flags_lib.parse(
            self._config_class, ["", *self._words, *words], values
        )
        if rest:
            raise errors.UserError(
                f"{rest[0]!r}: behind -- stand flags of the trainer alone"
            )
        return flags_named, self._config_class(
            **{"strategy": "one_device"} | flags_named
        )
