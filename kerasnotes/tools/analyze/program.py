"""The program that tells what is wrong with trained models."""

import dataclasses

from etils import epy

from kerasnotes import errors
from kerasnotes.training.run import command
from kerasnotes.training.run import config as config_lib
from kerasnotes.training.run import options as options_lib

with epy.lazy_imports():
    from kerasnotes.tools.analyze import (
        compare,
        label_check,
        sheets,
        tag_score,
        typed_errors,
    )

setting = config_lib.setting

_FLAGS = {
    "sheet": {"run_dir", "split", "limit", "output"},
    "score": {"run_dir", "split", "sheet"},
    "compare": {"split", "limit", "output"},
    "labels": {"run_dir", "folds", "seed", "sheet"},
    "diagnose": set(),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What the analysis can be told."""

    mode: str = setting(
        "sheet",
        "sheet: write mistakes to tag; score: what correcting each tag "
        "could gain; compare RUN RUN: which is better, and where; labels: "
        "rank labels that are probably wrong, or, with --sheet, correct "
        "them; diagnose human=ERROR train=ERROR dev=ERROR: what typed errors "
        "say, without a run.",
        choices=tuple(_FLAGS),
    )
    run_dir: str | None = setting(None, "Run folder.")
    split: str = setting("dev", "Split to analyze.")
    limit: int = setting(
        100, "Most mistakes in the sheet or on a page.", bounds=(1, 10**6)
    )
    output: str | None = setting(
        None, "Output folder; default the run folder, or one in it."
    )
    sheet: str | None = setting(
        None, "Tagged sheet; default the one that --mode=sheet wrote."
    )
    folds: int = setting(
        5, "Cross-validation folds of --mode=labels.", bounds=(2, 100)
    )
    seed: int = setting(
        0, "Random seed of --mode=labels.", bounds=(0, 2**32 - 1)
    )

    check = options_lib.check_bounds


def main():
    """Run the command line; return only through `sys.exit`."""
    command.run(Options, run)


def run(options_named, rest, program):
    """Do what `--mode` says.

    Args:
        options_named: the fields of `Options` that the user named.
        rest: arguments that are no flags: the runs to compare, or the
            errors to diagnose.
        program: the program's name, for commands to copy.
    """
    options = Options(**options_named)
    options.check()
    mode = options.mode
    command.check_mode(mode, options_named, _FLAGS)
    if mode == "compare":
        return compare.compare(
            rest, options.split, options.limit, options.output
        )
    if mode == "diagnose":
        return typed_errors.diagnose(rest)
    if rest:
        raise errors.UserError(
            f"{rest[0]!r}: --mode={mode} takes flags alone; a run is "
            "--run_dir=…"
        )
    if options.run_dir is None:
        raise errors.UserError(
            f"--run_dir: name the run that --mode={mode} shall look at"
        )
    if mode == "sheet":
        return sheets.sheet(
            options.run_dir,
            options.split,
            options.limit,
            options.output,
            program,
        )
    if mode == "score":
        return tag_score.score(options.run_dir, options.split, options.sheet)
    if options.sheet:
        return label_check.apply(options.run_dir, options.sheet)
    return label_check.find(
        options.run_dir, options.folds, options.seed, program
    )
