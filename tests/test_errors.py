"""What an error tells its user."""

import sys

import pytest

from kerasnotes import errors, metrics
from kerasnotes.data.texts.readers import date_texts
from kerasnotes.data.texts.vocabulary import subwords
from kerasnotes.tools.analyze import label_check
from kerasnotes.tools.tune import program as tune
from kerasnotes.training.serve import export


@pytest.mark.parametrize(
    ("otherwise", "end"), [(None, "'"), ("give --export=litert", "litert")]
)
def test_a_package_that_is_not_installed(monkeypatch, otherwise, end):
    monkeypatch.setitem(sys.modules, "no_such.module", None)
    with pytest.raises(errors.UserError) as caught:
        errors.optional_import(
            "--export=onnx", "no_such.module", "onnx", otherwise
        )
    message = str(caught.value)
    assert message.startswith(
        "--export=onnx: needs no_such, which is not installed; pip install "
        "'kerasnotes[onnx]'"
    )
    assert message.endswith(end) and "\n" not in message


def test_all_that_is_optional_may_be_missing(monkeypatch):
    for module, call in (
        ("babel", lambda: date_texts.Writer("fr")),
        ("tokenizers", lambda: subwords.Subwords.learn(["a"], 300)),
        ("sacrebleu.metrics", lambda: metrics.bleu(["a"], ["a"])),
        ("tf2onnx", lambda: export.formats("onnx")),
        ("cleanlab.filter", lambda: label_check.find("no run")),
        ("optuna", lambda: tune.run({"search": "l2=log:1:2"}, [], "tune")),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        package = module.partition(".")[0]
        with pytest.raises(errors.UserError, match=f"needs {package}, which"):
            call()


def refuse(subject, message):
    raise errors.refusal(subject, message)


def test_components_raise_for_arguments():
    with pytest.raises(errors.ArgumentError) as caught:
        refuse("`rate`=3", "`rate`=3: must be in (0, 1]")
    assert caught.value.argument == "rate"
    assert not isinstance(caught.value, errors.UserError)


@pytest.mark.parametrize(
    ("subject", "message", "told"),
    [
        ("`rate`", "`rate`=3: too fast", "--rate=3: too fast"),
        ("`spec`", "`spec`: unknown 'adm'", "--optimizer: unknown 'adm'"),
        ("`size`", "`size` must\n be 1", "--model=mlp: `size` must be 1"),
        ("--l2", "--l2: no number", "--l2: no number"),
    ],
)
def test_trainers_tell_of_flags(subject, message, told):
    default = "--model=mlp"
    with (
        pytest.raises(errors.UserError) as caught,
        errors.as_flags("rate", default=default, spec="--optimizer"),
    ):
        refuse(subject, message)
    assert str(caught.value) == told


def test_other_refusals_stay_as_they_are_or_get_the_default():
    with (
        pytest.raises(ValueError, match="^plain$") as caught,
        errors.as_flags("rate"),
    ):
        raise ValueError("plain")
    assert type(caught.value) is ValueError
    with (
        pytest.raises(errors.UserError, match="^--model=mlp: plain$"),
        errors.as_flags(default="--model=mlp"),
    ):
        raise ValueError("plain")
    with pytest.raises(TypeError), errors.as_flags(default="--model=mlp"):
        raise TypeError
