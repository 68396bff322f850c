"""Looking inside as users do, at runs of their own."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors, files, models
from kerasnotes.tasks import classify, multilabel
from kerasnotes.tools.visualize import program as visualize
from tests.support import runs


def run(*rest, **given):
    return visualize.run(
        {k: v if isinstance(v, int) else str(v) for k, v in given.items()},
        [str(path) for path in rest],
        "trainers.visualize",
    )


def train(task, folder, **given):
    """Trains a run, without its export and report."""
    given = {"epochs": 1, "image_size": 16} | given
    _, trained, _ = runs.learn_only(task, folder, **given)
    trained.model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return train(classify.Classify, tmp_path_factory.mktemp("digits"))


def names(paths):
    return [path.name for path in paths]


def test_everything_on_one_page(digits):
    *pictures, page = run(run_dir=digits)
    assert names(pictures) == [
        "filters.png",
        "patches_conv_1_tanh.png",
        "patches_conv_2_tanh.png",
        "activations_conv_1_tanh.png",
        "activations_conv_2_tanh.png",
        "heat_maps_pool_1.png",
        "heat_maps_wrong_pool_1.png",
    ]
    html = page.read_text()
    assert html.count("<img") == len(pictures)
    assert "6 of 6 units, each sees 5×5 pixels" in html
    assert "Grad-CAM at pool_1" in html
    for path in pictures:
        assert min(Image.open(path).size) > 100


def test_named_layers_units_and_files(digits, tmp_path):
    for i in range(2):
        pixels = np.full((9, 12, 3), 90 * i, "uint8")
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    flags = {"run_dir": digits, "layers": "conv_1"}
    found = run(tmp_path, mode="activations", units="1,4", **flags)
    assert names(found) == ["activations_conv_1.png"]
    found = run(tmp_path / "0.png", mode="heat_maps", **flags)
    assert names(found) == ["heat_maps_conv_1.png"]
    found = run(mode="patches", split="test", **flags)
    assert names(found) == ["patches_conv_1.png"]


def test_several_labels(tmp_path):
    rng, rows = np.random.default_rng(0), ["file,dark,left"]
    data = tmp_path / "data"
    data.mkdir()
    for i in range(60):
        pixels = rng.integers(0, 256, (16, 16, 3), "uint8")
        Image.fromarray(pixels).save(data / f"{i}.png")
        rows.append(f"{i}.png,{i % 2},{i // 2 % 2}")
    (data / "labels.csv").write_text("\n".join(rows))
    folder = train(
        multilabel.Multilabel, tmp_path / "run", dataset=str(data), batch_size=8
    )
    *pictures, _ = run(run_dir=folder)
    assert any("heat_maps" in name for name in names(pictures))


def test_networks_without_maps_show_their_weights(tmp_path):
    folder = train(classify.Classify, tmp_path, model="softmax_regression")
    *pictures, page = run(run_dir=folder)
    assert names(pictures) == ["filters.png"]
    assert "10 filters of logits, 16×16" in page.read_text()
    with pytest.raises(errors.UserError, match="has no maps"):
        run(mode="heat_maps", run_dir=folder)


QUICK = ("lenet5", "logistic_regression", "mlp", "nin", "resnet20")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK))
        for name in models.names("pictures")
    ],
)
def test_summary_of(name, capsys):
    # Large ones are smaller here, and softmax regression has no own size.
    size = min(models.default_size(name) or 8, 96)
    given = {"model": name, "image_size": size}
    text = run(mode="summary", **given)
    assert text in capsys.readouterr().out
    assert text.splitlines()[-1].startswith("total") and "?" not in text


def test_summary_of_a_run(digits):
    text = run(mode="summary", run_dir=digits)
    parameters = models.load(digits / "model.keras").count_params()
    assert f"{parameters:,}" in text.splitlines()[-1].split()
    assert "2×2×16" in text and "14×14" in text


@pytest.mark.parametrize(
    "given, rest, told",
    [
        ({}, [], "--run_dir: name the run"),
        ({"run_dir": "no/such"}, [], "no/such: no run here"),
        ({"model": "lenet5"}, [], "--model: is not for --mode=all"),
        ({"mode": "summary"}, [], "name a --run_dir or a --model"),
        ({"mode": "summary", "model": "mlp"}, [], "--image_size: mlp"),
        ({"mode": "summary", "model": "lenet5"}, ["x"], "'x': --mode=summary"),
        ({"layers": "conv_9"}, [], "--layers: unknown 'conv_9'; did you mean"),
        ({"layers": "logits"}, [], "--layers: unknown 'logits'"),
        ({"units": "6", "mode": "patches"}, [], "--units=6: conv_1_tanh has"),
        ({"units": "a"}, [], "--units=a: numbers"),
        ({"split": "tset"}, [], "--split: unknown 'tset'; did you mean 'test'"),
        ({"split": "dev"}, ["x.png"], "--split: the pictures are those named"),
        ({}, ["no/such.png"], "no/such.png: No such file"),
    ],
)
def test_what_does_not_fit_is_refused(digits, given, rest, told):
    if told.split(":")[0] not in ("--run_dir", "no/such", "--model") and (
        given.get("mode") != "summary"
    ):
        given = given | {"run_dir": digits}
    with pytest.raises(errors.UserError) as error:
        run(*rest, **given)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_other_tasks_and_empty_folders_are_refused(digits, tmp_path):
    value = {"task": "regress", "flags": {"epochs": 1}, "data": {}}
    files.write_sealed(tmp_path / "config.json", value)
    with pytest.raises(errors.UserError, match="a run of regress"):
        run(run_dir=tmp_path)
    with pytest.raises(errors.UserError, match="holds no pictures"):
        run(tmp_path, run_dir=digits)


def test_help_is_light(trainer):
    light = (
        "import sys, trainers.visualize; assert not {'tensorflow', 'keras', "
        "'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", light], check=True)
    done = trainer("visualize", "--layer=x", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("trainers.visualize: flag: unknown 'layer'")
