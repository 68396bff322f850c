"""The command line of several labels, and what it serves."""

import json

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors, models
from kerasnotes.tasks import multilabel
from kerasnotes.training import runner
from tests.support import alone, digits

QUICK = ["--epochs=3", "--model=mlp", "--image_size=8"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of digits whose sheet tells of two labels, with gaps."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["file;odd;over four"]
    for i, (pixels, digit) in enumerate(
        zip(*digits.pictures(200), strict=True)
    ):
        digits.save(pixels, folder / f"{i}.png")
        odd = "" if i % 5 == 0 else "yes" if digit % 2 else "no"
        lines.append(f"{i}.png;{odd};{int(digit > 4)}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def run_dir(forked, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "a"
    forked("multilabel", f"--run_dir={folder}", f"--dataset={data}", *QUICK)
    return folder


ALONE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
images = [open(path, "rb").read() for path in sys.argv[2:]]
got = model.signatures["serving_default"](image_bytes=tf.constant(images))
raw = tf.stack([tf.io.decode_png(x) for x in images])
two = model.signatures["images"](images=raw)
print(json.dumps({
    "present": got["present"].numpy().tolist(),
    "classes": [x.decode() for x in got["classes"].numpy()[0]],
    "probabilities": got["probabilities"].numpy().tolist(),
    "again": two["probabilities"].numpy().tolist(),
}))
"""


def test_served_without_keras(here, run_dir, data, capsys):
    paths = [data / f"{i}.png" for i in range(9)]
    got = json.loads(alone.run(ALONE, run_dir / "saved_model", *paths))
    assert got["classes"] == ["odd", "over four"]
    raw = np.stack([np.asarray(Image.open(p))[..., None] for p in paths])
    logits = models.load(run_dir / "model.keras")(raw.astype("float32"))
    want = 1 / (1 + np.exp(-np.asarray(logits)))
    np.testing.assert_allclose(got["probabilities"], want, atol=1e-5)
    np.testing.assert_allclose(got["again"], want, atol=1e-5)
    np.testing.assert_array_equal(got["present"], want >= 0.5)
    words = [f"--run_dir={run_dir}", "--mode=predict", "--format=json"]
    here(multilabel.Multilabel, *words, *paths)
    lines = capsys.readouterr().out.splitlines()
    for line, chances in zip(lines, want, strict=True):
        answer = json.loads(line)
        names = np.array(got["classes"])[chances >= 0.5]
        assert answer["labels"] == ";".join(names)
        told = [float(p) for p in answer["probabilities"].split(";") if p]
        np.testing.assert_allclose(told, chances[chances >= 0.5], atol=1e-4)


def test_it_goes_on(here, run_dir, capsys):
    here(multilabel.Multilabel, f"--run_dir={run_dir}", "--epochs=4")
    told = capsys.readouterr().out
    assert "epoch 4/4" in told and "epoch 3/4" not in told


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        ("nowhere", "--dataset=nowhere: no such folder"),
        (".", "labels.csv"),
    ],
)
def test_bad_input_gets_one_line(tmp_path, monkeypatch, dataset, told):
    (tmp_path / "notes.txt").write_text("no sheet")
    monkeypatch.chdir(tmp_path)
    given = {"run_dir": str(tmp_path / "run"), "dataset": dataset}
    with pytest.raises(errors.UserError) as caught:
        runner.run(multilabel.Multilabel, given, [], "trainers.multilabel")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "config.json").exists()
