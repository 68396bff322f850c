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
