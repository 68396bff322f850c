"""Ensembles: the mean of their parts, measured and served."""

import json
import shutil

import numpy as np
import pytest
from scipy import special

from kerasnotes import errors, files, models
from kerasnotes.tasks import classify
from kerasnotes.tasks.classify import ensemble
from kerasnotes.training import records
from tests.support import alone, digits


def test_evaluate_averages_the_members(classifiers, command, capsys):
    one, other = classifiers
    *parts, whole = command(one, "evaluate", ensemble=str(other))
    printed = capsys.readouterr().out
    want, rights = 0, []
    for folder, size, part in zip(classifiers, (32, 16), parts, strict=True):
        config = classify.Config(
            data_dir=str(folder.parent / "data"), image_size=size
        )
        test = classify.Classify(config).data().splits["test"]
        model = models.load(folder / "model.keras")
        pixels = test.examples.images[test.indices].astype("float32")
        own = special.softmax(model(pixels), axis=-1)
        np.testing.assert_allclose(part.probabilities["test"], own, atol=1e-5)
        want = want + own / 2
        rights.append(np.mean(own.argmax(-1) == test.labels))
    np.testing.assert_allclose(whole.probabilities["test"], want, atol=1e-5)
    rights.append(np.mean(want.argmax(-1) == test.labels))
    rows = printed.splitlines()[-3:]
    for row, right in zip(rows, rights, strict=True):
        assert f"{right:.4f}" in row
    assert f"{100 * (rights[0] - rights[-1]):+.2f} (" in rows[-1]
    assert whole.milliseconds == sum(p.milliseconds for p in parts)


ALONE = """
import json, sys
import numpy as np
import tensorflow as tf
images = tf.constant([open(path, "rb").read() for path in sys.argv[4:]])
raw = tf.stack([tf.io.decode_png(x) for x in images])
loaded = [tf.saved_model.load(path) for path in sys.argv[1:4]]
answers = [m.signatures["serving_default"](image_bytes=images) for m in loaded]
whole, *parts = [a["probabilities"].numpy() for a in answers]
again = loaded[0].signatures["images"](images=raw)
print(json.dumps({
    "signatures": sorted(loaded[0].signatures),
    "classes": [x.decode() for x in answers[0]["classes"].numpy()[0]],
    "label": [x.decode() for x in answers[0]["label"].numpy()],
    "largest": whole.argmax(-1).tolist(),
    "apart": float(np.abs(whole - np.mean(parts, axis=0)).max()),
    "again": float(np.abs(again["probabilities"] - whole).max()),
}))
"""


def test_one_saved_model_is_the_mean_of_its_parts(
    classifiers, command, tmp_path, monkeypatch
):
    one, other = classifiers
    with monkeypatch.context() as patch:
        # No data are read, and they may be gone.
        patch.setattr(classify.Classify, "data", None)
        command(one, "export", ensemble=str(other))
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    for path, pixels in zip(paths, digits.pictures(5)[0], strict=True):
        digits.save(pixels, path)
    served = [one / "ensemble", one, other]
    models_of = [folder / "saved_model" for folder in served]
    got = json.loads(alone.run(ALONE, *models_of, *paths))
    assert got["signatures"] == ["images", "serving_default"]
    assert got["classes"] == list("0123456789")
    assert got["label"] == [str(i) for i in got["largest"]]
    assert got["apart"] < 1e-6 and got["again"] < 1e-6


def test_members_of_one_input_take_it():
    facts = {"classes": ["a", "b"], "input_shape": [4, 4, 1]}
    tasks = [classify.Classify(classify.Config()) for _ in range(2)]
    members = [
        models.build("mlp", input_shape=(4, 4, 1), classes=2, hidden=[3])
        for _ in tasks
    ]
    trained = [records.Trained(member, facts) for member in members]
    served = ensemble.signatures(tasks, trained)
    pixels = np.random.default_rng(0).uniform(0, 1, (3, 4, 4, 1))
    pixels = pixels.astype("float32")
    got = served["model_inputs"].function(pixels)["probabilities"]
    want = [special.softmax(np.asarray(m(pixels)), -1) for m in members]
    np.testing.assert_allclose(got, np.mean(want, axis=0), atol=1e-6)


def changed(folder, copy, **told):
    """Copy a run with another config.json."""
    shutil.copytree(folder, copy)
    saved = files.read_sealed(copy / "config.json")
    for key, value in told.items():
        part = saved[key]
        saved[key] = part | value if isinstance(part, dict) else value
    files.write_sealed(copy / "config.json", saved)
    return copy


@pytest.mark.parametrize(
    "told, error",
    [
        ({"task": "regress"}, "is a run of regress; give runs of classify"),
        ({"data": {"classes": list("abcdefghij")}}, "classes"),
        (
            {"flags": {"split": "train[:900],dev[900:1300],test[1300:]"}},
            "of 400 dev examples were in its training set",
        ),
    ],
)
def test_other_runs_are_refused(classifiers, command, tmp_path, told, error):
    other = changed(classifiers[1], tmp_path / "other", **told)
    with pytest.raises(errors.UserError, match=error) as caught:
        command(classifiers[0], "evaluate", ensemble=str(other))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, error",
    [
        ("{0}", "twice"),
        ("{1},{1}", "twice"),
        ("{0}/nowhere", "no run here"),
        (",", "names no run"),
    ],
)
def test_what_is_no_other_run_is_refused(classifiers, command, text, error):
    text = text.format(*classifiers)
    with pytest.raises(errors.UserError, match=error):
        command(classifiers[0], "export", ensemble=text)
