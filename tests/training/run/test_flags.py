"""Flags from dataclasses."""

import dataclasses
import pathlib

import pytest
from absl import flags as absl_flags

from kerasnotes import errors
from kerasnotes.training.run import config, flags, folder
from tests.support.paths import ROOT


@dataclasses.dataclass(frozen=True)
class Config(config.FitConfig):
    model: str = config.option("a", "The model.", choices=("alpha", "beta"))
    size: int | None = config.option(None, "The size.")


def parse(*words):
    values = absl_flags.FlagValues()
    flags.define(Config, values)
    return flags.parse(Config, ["prog", *words], values)


def test_only_what_is_given():
    given, rest = parse("--size=3", "--overwrite", "file", "--l2=0.5")
    assert given == {"size": 3, "overwrite": True, "l2": 0.5}
    assert rest == ["file"]


def test_all_is_a_batch_size():
    given, _ = parse("--batch_size=all")
    assert given == {"batch_size": config.ALL}
    text = flags.command("trainers.x", given)
    assert text == "python -m trainers.x --batch_size=all"
    assert parse("--batch_size=32")[0] == {"batch_size": 32}
    Config(**given).check()


@pytest.mark.parametrize(
    "word, told",
    [
        ("--modle=alpha", "did you mean .*'model'"),
        ("--model=alhpa", "did you mean 'alpha'"),
        ("--size=big", "--size=big"),
        ("--l2=much", "--l2=much"),
        ("--batch_size=al", "--batch_size=al: give an integer, or all"),
    ],
)
def test_bad_flags_get_one_line(word, told):
    with pytest.raises(errors.UserError, match=told) as caught:
        parse(word)
    assert "\n" not in str(caught.value)


def test_every_field_tells_its_purpose():
    for field in dataclasses.fields(Config):
        assert field.metadata["help"].endswith(".")


def test_command_reads_back():
    given = {"model": "beta", "overwrite": False, "satisfy": "f1>=0.9,a b"}
    text = flags.command("trainers.x", given)
    assert text == (
        "python -m trainers.x --model=beta --nooverwrite "
        "'--satisfy=f1>=0.9,a b'"
    )


def test_a_number_that_a_run_has_kept_is_the_text_of_a_flag_of_texts():
    saved = {"flags": {"human_error": 0.01, "l2": 0.5}}
    kept = folder.saved_flags(Config, saved, pathlib.Path("runs/x"))
    assert kept == {"human_error": "0.01", "l2": 0.5}
    assert Config(**kept).human_levels()["human"].error == 0.01
    for name, value in (("model", 1.5), ("size", 1.5)):
        with pytest.raises(errors.UserError, match=f"--{name} takes no 1.5"):
            folder.saved_flags(Config, {"flags": {name: value}}, ROOT)


def test_a_human_level_is_refused_before_training():
    with pytest.raises(errors.UserError, match="--human_error=3: an error is"):
        Config(human_error="3").check()
