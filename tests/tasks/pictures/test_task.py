"""What tasks on pictures share: two data sets, weights in the metrics."""

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics

from kerasnotes import errors, files
from kerasnotes.tasks import classify
from kerasnotes.training import runner
from tests.support import digits, runs

QUICK = {"model": "softmax_regression", "epochs": 4, "image_size": 8}


def run(folder, **given):
    given = {**QUICK, **given, "run_dir": str(folder)}
    return runner.run(classify.Classify, given, [], "trainers.classify")


def learn(folder, **given):
    """Run it without exports, figures and page."""
    with runs.no_report():
        return run(folder, **given)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Digits, dark on light: another distribution than the built-in set."""
    folder = tmp_path_factory.mktemp("target")
    for i, (pixels, digit) in enumerate(
        zip(*digits.pictures(200), strict=True)
    ):
        digits.save(255 - pixels, folder / str(digit) / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory, target):
    folder = tmp_path_factory.mktemp("runs") / "two"
    return folder, learn(folder, dev_dataset=str(target))


def test_files_left_out_are_named_in_one_line(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("L", (2, 2)).save(tmp_path / name / "1.png")
    (tmp_path / "a" / "\x1b[2J\n.png").touch()
    config = classify.Classify.Config(dataset=str(tmp_path))
    classify.Classify(config)._examples(str(tmp_path), (2, 2, 1), None)
    told = capsys.readouterr().out
    assert "the first: a/\\x1b[2J\\n.png (no picture)" in told


def test_dev_and_test_are_of_the_target(two_sets):
    _, found = two_sets
    assert found["dev"]["size"] + found["test"]["size"] == 200
    assert found["train"]["size"] + found["train_dev"]["size"] == 1797
    assert found["train_dev"]["accuracy"] > found["dev"]["accuracy"] + 0.3


def test_a_mismatch_is_told(two_sets):
    _, found = two_sets
    assert "data mismatch" in found["diagnosis"]["problems"]


def test_a_split_beside_a_target_is_refused(target, tmp_path):
    with pytest.raises(errors.UserError, match="--split=train"):
        run(tmp_path / "r", dev_dataset=str(target), split="train[:50%]")


def test_one_set_cannot_train_and_judge(target, tmp_path):
    for name in ("digits", str(target)):
        with pytest.raises(errors.UserError, match="--dev_dataset=.*the same"):
            run(tmp_path / "r", dataset=name, dev_dataset=name)


def test_groups_and_slices_do_not_go_together(target, tmp_path):
    split = "train[:80%],dev[80%:]"
    for given in (
        {"dataset": str(target), "group": "(.)[.]png"},
        {"dataset": COMPOSED},
    ):
        with pytest.raises(errors.UserError, match="--split=.*groups"):
            run(tmp_path / "r", split=split, **given)


def test_a_group_of_all_is_told(target, tmp_path):
    with pytest.raises(errors.UserError, match=r"--group=\^: .*of 1 group;"):
        run(tmp_path / "r", dataset=str(target), group="^")


def test_a_learning_curve_of_weighted_pictures(tmp_path, capsys):
    path = tmp_path / "weights.csv"
    path.write_text("id,weight\ntrain/000001,3\n")
    given = {"learning_curve": "0.2,0.5", "example_weight": str(path)}
    found = learn(tmp_path / "r", **given)
    curve = found["diagnosis"]["learning_curve"]
    assert [p["size"] for p in curve["points"]] == [215, 539, 1079]
    told = capsys.readouterr().out
    assert "epochs are chosen by --optimize=accuracy" in told


def test_a_mended_sheet_is_another_run(tmp_path):
    path = tmp_path / "corrections.csv"
    path.write_text("id,label\ntrain/000001,3\n")
    given = {"corrections": str(path)}
    learn(tmp_path / "r", **given)
    other = {"mode": "evaluate", "dataset": str(tmp_path / "other")}
    for label in "012345678":
        folder = tmp_path / "other" / label
        folder.mkdir(parents=True)
        Image.new("L", (8, 8)).save(folder / "a.png")
    (tmp_path / "other" / "9").mkdir()
    for i in range(3):
        Image.new("L", (8, 8)).save(tmp_path / "other" / "9" / f"{i}.png")
    # Its ids are not those of other data.
    run(tmp_path / "r", **other)
    path.write_text("id,label\ntrain/000001,4\n")
    with pytest.raises(errors.UserError, match=r"data have changed.*by_hand"):
        run(tmp_path / "r", **given, epochs=5)


def test_ids_of_two_sets_must_differ(target, tmp_path):
    twin = tmp_path / "twin"
    for path in target.glob("*/*.png"):
        (twin / path.parent.name).mkdir(parents=True, exist_ok=True)
        (twin / path.parent.name / path.name).write_bytes(path.read_bytes())
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("id,label\n0/0.png,1\n")
    with pytest.raises(errors.UserError, match="is in --dataset and in"):
        labels_of(
            tmp_path,
            dataset=str(target),
            dev_dataset=str(twin),
            corrections=str(sheet),
        )


def test_other_classes_are_refused(target, tmp_path):
    pair = tmp_path / "pair"
    pair.mkdir()
    for name in "01":
        (pair / name).symlink_to(target / name)
    with pytest.raises(errors.UserError, match="--dev_dataset="):
        run(tmp_path / "r", dev_dataset=str(pair))


def test_class_weights_are_in_the_metric(tmp_path):
    found = learn(tmp_path / "r", class_weight="3=5,8=0")
    matrix = np.array(found["dev"]["confusion"])
    true, given = (
        np.repeat(np.indices([10, 10])[i].ravel(), matrix.ravel())
        for i in (0, 1)
    )
    weights = np.select([true == 3, true == 8], [5, 0], 1)
    want = metrics.accuracy_score(true, given, sample_weight=weights)
    np.testing.assert_allclose(
        found["dev"]["weighted_accuracy"], want, rtol=1e-6
    )
    plain = metrics.accuracy_score(true, given)
    np.testing.assert_allclose(found["dev"]["accuracy"], plain, rtol=1e-6)


def labels_of(folder, **given):
    given = {**QUICK, **given, "run_dir": str(folder)}
    splits = classify.Classify(classify.Config(**given)).data().splits
    return {
        i: int(label)
        for split in splits.values()
        for i, label in zip(split.ids, split.labels, strict=True)
    }, {side: split.ids for side, split in splits.items()}


def test_corrections_reach_every_side_and_move_nothing(tmp_path):
    before, sides = labels_of(tmp_path)
    chosen = [sides[side][0] for side in ("train", "dev", "test")]
    want = {i: (before[i] + 1) % 10 for i in chosen}
    path = tmp_path / "corrections.csv"
    rows = "".join(f"{i};{label}\n" for i, label in want.items())
    path.write_text(f"id;label\n{rows}")
    after, same = labels_of(tmp_path, corrections=str(path))
    assert same == sides
    assert {i: after[i] for i in after if after[i] != before[i]} == want


@pytest.mark.parametrize(
    ("flag", "text", "told"),
    [
        ("corrections", "id,label\ntrain/000001,11\n", "unknown '11'"),
        ("corrections", "id,label\nnowhere,1\n", "line 2: no example has"),
        ("corrections", "id,klass\nx,1\n", "no 'label'"),
        ("example_weight", "id,weight\ntrain/000001,-1\n", "from 0 on"),
        ("example_weight", "id,weight\ntrain/000001,much\n", "from 0 on"),
    ],
)
def test_bad_sheets_are_refused(tmp_path, flag, text, told):
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    with pytest.raises(errors.UserError, match=told) as found:
        labels_of(tmp_path, **{flag: str(path)})
    assert str(path) in str(found.value) and f"--{flag}" in str(found.value)


def test_example_weights_are_in_loss_and_metric(tmp_path):
    labels, sides = labels_of(tmp_path)
    heavy = {i for i in labels if labels[i] == 3}
    path = tmp_path / "weights.csv"
    rows = "".join(f"{i},4\n" for i in heavy)
    path.write_text(f"id,weight\n{rows}")
    found = learn(tmp_path / "a", example_weight=str(path))
    same = learn(tmp_path / "b", class_weight="3=4")
    assert found["dev"] == same["dev"]
    assert found["dev"]["weighted_accuracy"] != found["dev"]["accuracy"]


COMPOSED = "composed:foregrounds=digits,backgrounds=gradient,count=400"


@pytest.mark.parametrize(
    "given",
    [
        {"dataset": COMPOSED, "dev_dataset": "digits"},
        {"dataset": "digits", "dev_dataset": COMPOSED},
        {"dataset": COMPOSED},
        {
            "dataset": COMPOSED,
            "dev_dataset": COMPOSED.replace("gradient,count=400", "noise"),
        },
    ],
    ids=["train", "dev", "alone", "both"],
)
def test_no_foreground_is_on_two_sides(tmp_path, given):
    _, ids = labels_of(tmp_path, **given)
    digits = {
        side: {i.rpartition("/")[0] if i.count("/") > 1 else i for i in names}
        for side, names in ids.items()
    }
    sides = list(digits)
    for i, one in enumerate(sides):
        for other in sides[:i]:
            assert not digits[one] & digits[other], (one, other)


def task_of(target, **given):
    config = classify.Config(**{**QUICK, "dataset": str(target), **given})
    return classify.Classify(config)


def test_a_policys_file_is_the_runs(target, tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{"rotate": 5}')
    task = task_of(target, augment=str(path))
    facts = task.data().facts
    path.write_text('{"rotate": 6}')
    other = task_of(target, augment=str(path)).data().facts
    assert {k for k in facts if facts[k] != other[k]} == {"augment"}
    path.unlink()
    assert task.data(facts).facts["augment"] == facts["augment"]
    assert task.policy(facts).rotate == 5


@pytest.mark.parametrize("dataset", ["digits", None])
def test_the_pictures_own_size_is_a_fact(target, dataset):
    """It stays a fact of the run where its model is used on others."""
    facts = task_of(dataset or target, image_size=16).data().facts
    assert facts["picture_size"] == [8, 8]
    assert facts["input_shape"] == [16, 16, 1]
    again = task_of(dataset or target).data(facts).facts
    assert again["picture_size"] == [8, 8]


def test_windows_are_cut_from_larger_pictures_in_training_alone(target):
    train = task_of(target, augment="standard:crop=1").data().splits["train"]
    assert train.examples.images.shape[1:] == (8, 8, 1)
    assert train.examples.canvas.shape[1:] == (10, 10, 1)
    before, after = train.before_and_after(16, 0)
    assert before.shape == after.shape == (16, 8, 8, 1)
    for given in ({"dataset": "digits"}, {"augment": "standard:canvas=1"}):
        data = task_of(target, **{"augment": "standard", **given}).data()
        assert data.splits["train"].examples.canvas is None
    again = task_of(target, augment="standard").data(data.facts)
    assert again.splits["train"].examples.canvas is None


def test_labels_that_mix_train_and_are_judged_whole(target, tmp_path):
    given = {"augment": "strong:mirror=false", "label_smoothing": 0.1}
    found = run(tmp_path / "r", dataset=str(target), **given, epochs=2)
    assert 0 <= found["dev"]["accuracy"] <= 1
    assert (tmp_path / "r" / "figures" / "augmentation.png").exists()
    saved = files.read_json(tmp_path / "r" / "config.json")
    assert np.shape(saved["data"]["covariance"]) == (1, 1)
