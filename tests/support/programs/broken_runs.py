"""Reads broken files of a run, and what each reader may make of them.

Every reader takes a copy of a run and the run itself, and raises what is no
`UserError` where it is silently given something else.
"""

import contextlib
import functools
import io
import json
import os
import pathlib
import shutil
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest

from kerasnotes import errors, models
from kerasnotes.data.common import tag_sheet
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples, features
from kerasnotes.tasks import classify
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import program as analyze
from kerasnotes.tools.tune import program as tune
from kerasnotes.tools.tune import report as search_report
from kerasnotes.tools.tune import search_text, study
from kerasnotes.tools.visualize import program as visualize
from kerasnotes.training import runner
from kerasnotes.training.fit import checkpoints, nudging
from kerasnotes.training.run import folder as run_folder

TRAINED = {
    "dataset": "digits",
    "model": "softmax_regression",
    "epochs": 2,
    "batch_size": 256,
}
SEARCH = "learning_rate=log:1e-3:1"
SEARCHED = ["--model=softmax_regression", "--epochs=1", "--batch_size=256"]
_LEFT = ("saved_model", "figures", "logs", "report.html")
_TIMES = ("seconds", "examples_per_second", "export")


def run(folder, mode="train", rest=(), **given):
    """Run the classifier as its command line would."""
    given |= {"run_dir": str(folder), "mode": mode}
    return runner.run(classify.Classify, given, list(rest), "trainers.classify")


def search(folder):
    """Open, or begins, the study of two trials, and ends it."""
    given = {"search": SEARCH, "trials": 2, "study_dir": str(folder)}
    return tune.run(given, SEARCHED, "trainers.tune")


def check(argument):
    """Read a broken file; `argument` is `(reader, run, name, bytes)`."""
    reader, base, name, data = argument
    base = pathlib.Path(base)
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "copy")
        shutil.copytree(base, copy, ignore=shutil.ignore_patterns(*_LEFT))
        (copy / name).parent.mkdir(exist_ok=True, parents=True)
        (copy / name).write_bytes(data)
        with contextlib.redirect_stdout(io.StringIO()):
            READERS[reader](copy, base, name)


def checkpoint(copy, base, name):
    """The newest, or the one before, to the bit."""
    found = checkpoints.Checkpoints(copy / "checkpoints").load_last()
    values, state, path = found
    want, kept = checkpoints.read(base / "checkpoints" / path.name)
    assert state == kept
    _same(values, want)
    best = checkpoints.Checkpoints(copy / "checkpoints").load_best(state)
    _same(best, checkpoints.read(base / "checkpoints" / state["best_file"])[0])


def _same(values, want):
    assert list(values) == list(want)
    for key in want:
        np.testing.assert_array_equal(values[key], want[key])


def config(copy, base, name):
    """What it was, or nothing."""
    opened = runs.open_run(copy)
    kept = runs.open_run(base)
    assert opened.facts == kept.facts
    assert opened.task.config.learned() == kept.task.config.learned()


def metrics(copy, base, name):
    """What it was, or not finished."""
    found = run_folder.RunFolder(copy, "classify").finished
    assert found in (None, run_folder.RunFolder(base, "classify").finished)


@functools.cache
def _weights(base):
    return runs.open_run(base).trained.model.get_weights()


def model(copy, base, name):
    """The weights that it had."""
    found = runs.open_run(copy).trained.model.get_weights()
    for one, two in zip(found, _weights(base), strict=True):
        np.testing.assert_array_equal(one, two)


def start(copy, base, name):
    """Weights that are numbers; those of a zip file as they were."""
    with errors.as_flags("weights"):
        made = models.build(
            "softmax_regression", (8, 8, 1), weights=str(copy / name)
        )
    for one, two in zip(made.get_weights(), _weights(base), strict=True):
        assert np.isfinite(one).all()
        if name.endswith(".keras"):
            np.testing.assert_array_equal(one, two)


def refused(copy, base, name):
    """Not a run: what is read has nothing that one may have."""
    with pytest.raises(errors.UserError) as caught:
        _ = runs.open_run(copy).trained
    assert str(copy / name) in str(caught.value)
    raise caught.value


def unsafe(copy, base, name):
    """Not a model, even where somebody has allowed Keras what is unsafe."""
    keras.config.enable_unsafe_deserialization()
    refused(copy, base, name)


def not_started(copy, base, name):
    """No weights to start from."""
    with pytest.raises(errors.UserError) as caught:
        start(copy, base, name)
    assert str(copy / name) in str(caught.value)
    raise caught.value


@functools.cache
def _compiled():
    made = models.build("softmax_regression", (8, 8, 1))
    made.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    return made


def nudge(copy, base, name):
    """Nothing, or what a person may ask for."""
    asked = nudging.Nudger(copy / name, _compiled(), classify.Config())
    for found in asked.read(1, []):
        assert found["key"] in ("learning_rate", "stop")


def sheet(copy, base, name):
    """A sheet beside the new one, or its tags in that."""
    rows = [{"id": f"digits/{i:04d}", "given": "3"} for i in range(9)]
    tag_sheet.write(copy / name, rows)
    assert [row.id for row in tag_sheet.read(copy / name)][:9] == [
        row["id"] for row in rows
    ]


def score(copy, base, name):
    """Tags as the broken sheet has them."""
    tag_sheet.read(copy / name)


def cached(copy, base, name):
    """The features as they are."""
    found = features.cached(*feature_arguments(), copy / name, 16)
    want = np.arange(40 * 6, dtype="float32").reshape(40, 6)
    np.testing.assert_array_equal(found._features, want)


def feature_arguments():
    """Return a split, the function of features, and their shape."""
    pictures = np.arange(40 * 6, dtype="uint8").reshape(40, 2, 3, 1)
    split = picture_batches.ImageSplit(
        examples.Examples(
            pictures, np.arange(40) % 2, [str(i) for i in range(40)], ["a", "b"]
        ),
        np.arange(40),
    )
    return split, lambda x: keras.ops.reshape(x, (-1, 6)), (6,)


def studied(copy, base, name):
    """The trials as they were."""
    opened = study.Study(
        copy,
        classify.Classify,
        tune.Configured(classify.Classify, SEARCHED),
        search_text.parse(SEARCH),
        tune.Config(search=SEARCH, trials=2),
    )
    search_report.finish(opened)
    found, want = (
        json.loads((folder / "study.json").read_text())["best"]
        for folder in (copy, base)
    )
    del found["folder"], want["folder"], found["command"], want["command"]
    assert found == want


def resume(copy, base, name):
    """The run that it would have been."""
    if name not in ("metrics.json", "model.keras"):
        (copy / "metrics.json").unlink()
    run(copy, **TRAINED)
    store = checkpoints.Checkpoints(copy / "checkpoints")
    values, state, path = store.load_last()
    want, kept = checkpoints.read(base / "checkpoints" / path.name)
    _same(values, want)
    _same(
        store.load_best(state),
        checkpoints.read(base / "checkpoints" / kept["best_file"])[0],
    )
    found, want = (
        json.loads((folder / "metrics.json").read_text())
        for folder in (copy, base)
    )
    for told in (found, want):
        for key in (*_TIMES, "checksum"):
            told.pop(key)
    assert found == want


def go_on(copy, base, name):
    """The run that has an epoch more to go."""
    run(copy, **(TRAINED | {"epochs": 3}))


def evaluate(copy, base, name):
    """The errors that it had."""
    found = run(copy, "evaluate")
    told = json.loads((base / "metrics.json").read_text())
    assert found["dev"]["error"] == told["dev"]["error"]


def predict(copy, base, name):
    """An answer, or none."""
    run(copy, "predict", [str(base.parent / "three.png")])


def export(copy, base, name):
    """A SavedModel."""
    run(copy, "export")


def ensemble(copy, base, name):
    """Two runs that answer as one, of which the other is broken."""
    run(base, "evaluate", ensemble=str(copy))


def analyzed(copy, base, name):
    """The sheet of its mistakes."""
    analyze.run({"run_dir": str(copy)}, [], "trainers.analyze")


def scored(copy, base, name):
    """What its tags tell."""
    given = {"mode": "score", "run_dir": str(copy)}
    analyze.run(given, [], "trainers.analyze")


def compared(copy, base, name):
    """Two runs compared, of which the second is broken."""
    given = {"mode": "compare", "output": str(copy / "compared")}
    analyze.run(given, [str(base), str(copy)], "trainers.analyze")


def looked(copy, base, name):
    """Its filters."""
    given = {"run_dir": str(copy), "mode": "filters"}
    visualize.run(given, [], "trainers.visualize")


READERS = {
    reader.__name__: reader
    for reader in (
        checkpoint,
        config,
        metrics,
        model,
        start,
        refused,
        unsafe,
        not_started,
        nudge,
        sheet,
        score,
        cached,
        studied,
        resume,
        go_on,
        evaluate,
        predict,
        export,
        ensemble,
        analyzed,
        scored,
        compared,
        looked,
    )
}
