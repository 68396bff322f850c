"""Whenever a run is killed, the same command ends it as if it never was."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from kerasnotes import errors, files
from kerasnotes.training.fit import checkpoints, tensorboard
from tests.support import (
    coloured_boxes,
    csv_rows,
    digits,
    forks,
    mask_files,
    runs,
)
from tests.support.programs import struck

STRUCK = pathlib.Path(struck.__file__)
# What a clock measured, and what is made of it.
TIMES = {"seconds", "examples_per_second", "latency_ms", "checksum"}
SMALL = ["--model=mlp", "--image_size=8", "--dropout=0.2", "--epochs=3"]
FULL = [
    "--epochs=3",
    "--batch_size=32",
    "--weight_average=0.9",
    "--early_stop=1",
    "--dropout=0.2",
    "--steps_per_execution=3",
    "--train_dev",
]
KILL, TERM, INT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
KEEPER = "kerasnotes.training.fit.callbacks.Keeper"
PREPARE = "tensorflow_datasets.core.dataset_builder.DatasetBuilder."
# Where a run is killed: a function, its arguments, calls and seconds at most.
BEGINNING = {
    "start": ("kerasnotes.training.run.command._import_quietly", "", 1, 2.0),
    "data": (PREPARE + "download_and_prepare", "", 1, 0.3),
    "config": ("os.replace", "config.json", 1, 0.0),
}
LEARNING = {
    "step": (f"{KEEPER}.on_train_batch_begin", "", 9, 0.01),
    "validation": (f"{KEEPER}.on_test_begin", "", 1, 0.05),
    "checkpoint": ("kerasnotes.training.fit.checkpoints.write", "", 9, 0.005),
    "renaming": ("os.replace", "last-0", 9, 0.0),
    "best": ("os.replace", "best-0", 1, 0.0),
    "stale": ("pathlib.Path.unlink", "last-0", 7, 0.0),
    "epoch's end": (f"{KEEPER}.on_epoch_end", "", 1, 0.01),
    "history": ("kerasnotes.files.write_csv", "history", 1, 0.0),
}
ENDING = {
    "model": ("os.replace", "model.keras", 1, 0.0),
    "export": ("kerasnotes.training.serve.export.export", "", 1, 0.5),
    "exported": ("os.replace", "-saved_model", 1, 0.0),
    "report": ("kerasnotes.training.report.page.write", "", 1, 0.3),
    "metrics": ("os.replace", "metrics.json", 1, 0.0),
}


class Trainer:
    """Commands of one trainer with a data folder of their own."""

    def __init__(self, folder, name, flags):
        self.folder, self.name, self.flags = folder, name, flags
        self.settings = {"TFDS_DATA_DIR": str(folder / "data")}

    def words(self, run, *moments):
        """Return the command, to be struck at `moments`; see struck.py."""
        words = [STRUCK, json.dumps(moments), f"trainers.{self.name}"]
        return [*words, f"--run_dir={self.folder / run}", *self.flags]

    def begin(self, run, *moments, flags=()):
        """Start the command."""
        words = [*self.words(run, *moments), *flags]
        return forks.Program(*words, **self.settings)

    def call(self, run, *moments, flags=()):
        """Return status, output and errors of the command, once it ended."""
        return self.begin(run, *moments, flags=flags).wait()

    def finish(self, run):
        """Run the command to its end, unharmed."""
        status, out, told = self.call(run)
        assert status == 0, out + told

    def check(self, run, whole="whole"):
        """Compare a run with one that was never killed."""
        got = facts(self.folder / run)
        for name, want in facts(self.folder / whole).items():
            assert got[name] == want, name
        assert not list((self.folder / run).rglob(".partial-*"))


def facts(run):
    """Return all that two runs must have alike, weights as bytes."""
    last = max((run / "checkpoints").glob("last-*"))
    values, state = checkpoints.read(last)
    best = checkpoints.read(run / "checkpoints" / state["best_file"])[0]
    rows = [timeless(row) for row in csv_rows.read(run / "history.csv")]
    with zipfile.ZipFile(run / "model.keras") as archive:
        model = {n: archive.read(n) for n in archive.namelist()}
    del model["metadata.json"]
    return {
        "last": (last.name, {n: v.tobytes() for n, v in values.items()}),
        "best": {n: v.tobytes() for n, v in best.items()},
        "state": {k: v for k, v in timeless(state).items() if k != "history"},
        "history": rows,
        "model": model,
        "metrics": timeless(json.loads((run / "metrics.json").read_text())),
    }


def timeless(value):
    """Return a value of JSON without what a clock measured."""
    if not isinstance(value, dict):
        return value
    return {k: timeless(v) for k, v in value.items() if k not in TIMES}


def drawn(rng, places):
    """Draws a moment at one of the places."""
    name, pattern, calls, seconds = places[rng.choice(sorted(places))]
    return [KILL, name, pattern, rng.randint(1, calls), rng.random() * seconds]


def test_killed_in_a_step_a_checkpoint_and_an_export(tmp_path):
    trainer = Trainer(tmp_path, "classify", SMALL)
    run = tmp_path / "cut"
    step = [KILL, f"{KEEPER}.on_train_batch_begin", "", 20, 0.0005]
    status, *_ = trainer.call("cut", step)
    assert status == -KILL
    # In the middle of an epoch, of 16 steps.
    last = max(run.glob("checkpoints/last-*"))
    assert 16 < int(last.stem.removeprefix("last-")) < 32
    # Not before, for both would prepare the data.
    whole = trainer.begin("whole")
    status, *_ = trainer.call("cut", [KILL, "os.replace", "last-0", 9, 0])
    assert status == -KILL
    assert list(run.glob("checkpoints/.partial-*-last-*"))
    status, *_ = trainer.call("cut", [KILL, "os.replace", "-saved_model", 1, 0])
    assert status == -KILL
    assert list(run.glob(".partial-*-saved_model/saved_model.pb"))
    assert not (run / "saved_model").exists()
    trainer.finish("cut")
    status, _, told = whole.wait()
    assert status == 0, told
    trainer.check("cut")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_moments(seed, tmp_path):
    rng = random.Random(seed)
    trainer = Trainer(tmp_path, "classify", FULL if seed % 2 else SMALL)
    began = time.monotonic()
    trainer.finish("whole")
    seconds = time.monotonic() - began
    shutil.rmtree(tmp_path / "data")
    left = [BEGINNING, LEARNING, LEARNING, None, ENDING]
    while left:
        if left[0]:
            status, *_ = trainer.call("cut", drawn(rng, left[0]))
        else:
            # From outside, wherever it is.
            program = trainer.begin("cut")
            time.sleep(rng.random() * seconds)
            program.kill()
            status, *_ = program.wait()
        if status == -KILL:
            left.pop(0)
        else:
            # Too late, which doesn't count.
            assert status == 0
            shutil.rmtree(tmp_path / "cut")
    trainer.finish("cut")
    trainer.check("cut")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """A folder of digits whose sheet tells of two labels."""
    folder = tmp_path_factory.mktemp("sheet")
    lines = ["file,odd,over four"]
    for i, (pixels, digit) in enumerate(
        zip(*digits.pictures(200), strict=True)
    ):
        digits.save(pixels, folder / f"{i}.png")
        lines.append(f"{i}.png,{digit % 2},{int(digit > 4)}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["detect", "regress", "multilabel", "segment"])
def test_other_trainers_killed_once(name, sheet, tmp_path):
    boxes = coloured_boxes.write(tmp_path / "boxes", 40)
    masks = mask_files.beside(tmp_path / "masks", 20)
    flags = {
        "detect": [
            *("--width=0.25", "--strides=4", "--anchors=2", "--epochs=3"),
            *(f"--dataset={boxes}", "--image_size=32", "--mosaic=0.5"),
        ],
        "regress": ["--epochs=9", "--learning_curve=0.5"],
        "multilabel": [*SMALL, f"--dataset={sheet}"],
        "segment": [
            *(f"--dataset={masks}", "--crop_size=8", "--filters=2,3"),
            *("--epochs=3", "--batch_size=4", "--augment=standard"),
        ],
    }
    trainer = Trainer(tmp_path, name, flags[name])
    trainer.finish("whole")
    rng = random.Random(name)
    # With its parts, the regression has twice as many epochs.
    calls = {"regress": 18}.get(name, 3)
    moment = [KILL, f"{KEEPER}.on_epoch_end", "", rng.randint(1, calls), 0]
    status, *_ = trainer.call("cut", moment)
    assert status == -KILL
    trainer.finish("cut")
    trainer.check("cut")


def test_asked_to_stop_before_there_is_anything_to_save(tmp_path):
    trainer = Trainer(tmp_path, "classify", SMALL)
    place = BEGINNING["start"]
    words = trainer.words("a", [TERM, *place[:3], 0.5])
    # From the start, for it is asked while it imports TensorFlow.
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | trainer.settings,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 75 and "Traceback" not in done.stderr, done.stderr
    assert done.stdout == "asked to stop; the same command goes on\n"


@pytest.mark.slow
@pytest.mark.parametrize("number, status", [(TERM, 75), (INT, 130)])
def test_asked_to_stop_anywhere(number, status, tmp_path):
    trainer = Trainer(tmp_path, "classify", SMALL)
    trainer.finish("whole")
    shutil.rmtree(tmp_path / "data")
    for name, place in (BEGINNING | LEARNING | ENDING).items():
        # The second comes while the first is obeyed.
        moment = [number, *place[:2], 1, 0]
        found, out, told = trainer.call("cut", moment, moment)
        assert found == status and (out + told).count("goes on") == 1, name
        assert "Traceback" not in told, told
        assert not list((tmp_path / "cut").rglob(".partial-*"))
    trainer.finish("cut")
    trainer.check("cut")
    load = "kerasnotes.training.runner.load"
    for flags in (["--mode=evaluate"], ["--mode=export"]):
        found, out, told = trainer.call(
            "cut", [number, load, "", 1, 0.1], flags=flags
        )
        assert found == status and "Traceback" not in told, flags
    trainer.check("cut")


class Killed(BaseException):
    """Ends a run in this process, nothing being mended on the way."""


def run(task, folder, **given):
    return runs.run(task, folder, **{"epochs": 2, **given})


def learn(task, folder, **given):
    """Run it without exports, figures and page."""
    return runs.learn(task, folder, **{"epochs": 2, **given})


def raising(*_):
    raise Killed


def test_what_a_kill_left_of_the_first_file_holds_up_nobody(toy, tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".partial-9-config.json").write_text("{")
    learn(toy, tmp_path)
    assert not list(tmp_path.glob(".partial-*"))


def test_overwriting_can_be_cut(toy, tmp_path, monkeypatch):
    learn(toy, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", raising)
        with pytest.raises(Killed):
            learn(toy, tmp_path, overwrite=True, units=9)
    metrics = learn(toy, tmp_path, overwrite=True, units=9)
    assert metrics["parameters"] == 5 * 9 + 10 * 2


def test_history_is_whole_though_killed_before_it(toy, tmp_path, monkeypatch):
    learn(toy, tmp_path / "whole")
    original = files.write_csv

    def write_csv(path, rows, columns=None):
        if len(rows) == 2:
            raise Killed
        original(path, rows, columns)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_csv", write_csv)
        with pytest.raises(Killed):
            learn(toy, tmp_path / "cut")
    learn(toy, tmp_path / "cut")
    whole, cut = (facts(tmp_path / name) for name in ("whole", "cut"))
    assert cut["history"] == whole["history"] and len(cut["history"]) == 2


def test_a_cut_epoch_goes_on_with_more_steps_a_call(toy, tmp_path, after_call):
    learn(toy, tmp_path / "whole", batch_size=20)
    with after_call(1, "asked"):
        learn(toy, tmp_path / "cut", batch_size=20)
    learn(toy, tmp_path / "cut", batch_size=20, steps_per_execution=3)
    whole, cut = (facts(tmp_path / name) for name in ("whole", "cut"))
    for name in ("last", "best", "history"):
        assert cut[name] == whole[name], name


@pytest.mark.parametrize("watch", ["cost", "norms", "gradients"])
def test_a_run_that_has_learned_has_nothing_to_watch(toy, tmp_path, watch):
    learn(toy, tmp_path, watch=watch)
    (tmp_path / "metrics.json").unlink()
    run(toy, tmp_path, watch=watch)
    assert "What --watch found" not in (tmp_path / "report.html").read_text()


def test_asked_to_stop_when_all_is_learned(toy, tmp_path, monkeypatch):
    def ask(self, logs=None):
        os.kill(os.getpid(), TERM)

    with monkeypatch.context() as patch:
        patch.setattr(tensorboard.EpochLog, "on_train_end", ask)
        with pytest.raises(errors.Preempted):
            learn(toy, tmp_path)
    assert not (tmp_path / "model.keras").exists()
    learn(toy, tmp_path)


def test_a_folder_is_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "saved_model"
    for text in ("old", "new"):
        with files.aside_folder(path) as partial:
            partial.mkdir()
            (partial / "a").write_text(text)
            assert text == "old" or (path / "a").read_text() == "old"
    assert (path / "a").read_text() == "new"
    assert os.listdir(tmp_path) == ["saved_model"]
    replace, left = os.replace, [2]

    def failing(*names):
        left[0] -= 1
        if not left[0]:
            raise OSError("no room")
        replace(*names)

    monkeypatch.setattr(os, "replace", failing)
    with (
        pytest.raises(errors.UserError, match="can't be written"),
        files.aside_folder(path) as partial,
    ):
        partial.mkdir()
    assert (path / "a").read_text() == "new"
    assert os.listdir(tmp_path) == ["saved_model"]
