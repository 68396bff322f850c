"""Wrong labels found, shown and corrected, on pictures drawn here."""

import csv
import shutil
import types

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors, files
from kerasnotes.tasks import classify
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import label_check, out_of_fold
from kerasnotes.training.fit import checkpoints, compiling, loop
from kerasnotes.training.run import folder as run_folder
from tests.support import csv_rows

NAMES = ["bottom", "left", "top"]
FLIPPED = {5: "left", 21: "top", 40: "bottom", 62: "left", 83: "bottom"}
COUNT = 90


def test_class_names_that_steer_a_terminal_are_escaped(capsys):
    found = types.SimpleNamespace(
        sides=["dev"], labels=[0], ids=["1.png"],
        examples=types.SimpleNamespace(class_names=["a\x1b[2J", "b"]),
    )  # fmt: skip
    label_check._tell(found, {"1.png": "b"})
    assert r"  a\x1b[2J → b: 1" in capsys.readouterr().out


def draw(kind, rng):
    """Return a grey picture that is bright at one edge."""
    picture = rng.integers(0, 60, [8, 8])
    edge = {"bottom": np.s_[5:], "left": np.s_[:, :3], "top": np.s_[:3]}
    picture[edge[kind]] += 150
    return picture.astype("uint8")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A folder of pictures, of which five lie in another's folder."""
    folder, rng = tmp_path_factory.mktemp("edges"), np.random.default_rng(0)
    for i in range(COUNT):
        path = folder / FLIPPED.get(i, NAMES[i % 3]) / f"{i:03d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw(NAMES[i % 3], rng)).save(path)
    return folder


def new_task(path, dataset, **flags):
    """Return a task whose model is quick to train."""
    config = classify.Config(
        **{
            "run_dir": str(path),
            "dataset": str(dataset),
            "model": "softmax_regression",
            "image_size": 8,
            "augment": "none",
            "epochs": 10,
            "learning_rate": 0.03,
            "batch_size": 16,
            **flags,
        }
    )
    compiling.configure(config)
    return classify.Classify(config)


def begin(path, dataset, **flags):
    """Make the folder of a run, as far as the check needs it."""
    task = new_task(path, dataset, **flags)
    folder = run_folder.RunFolder(path, task.name)
    folder.open(task.config)
    folder.begin(task.config, task.data().facts)
    return path


def open_run(path, dataset, **flags):
    """Return the run, begun and opened, and its pool."""
    run = runs.open_run(begin(path, dataset, **flags))
    return run, out_of_fold.pool(run.data.splits)


@pytest.fixture(scope="module")
def checked(dataset, tmp_path_factory):
    """A run whose labels have been checked."""
    path = begin(tmp_path_factory.mktemp("runs") / "edges", dataset)
    label_check.find(path, folds=2)
    return path


def fill(run, target, **confirm):
    """Write the run's sheet with `confirm` by the number of the picture."""
    sheet = csv_rows.read(run / "labels.csv")
    for row in sheet:
        number = str(int(row["id"][-7:-4]))
        row["confirm"] = confirm.get(f"of_{number}", row["confirm"])
    with open(target, "w", newline="") as file:
        writer = csv.DictWriter(file, sheet[0].keys())
        writer.writeheader()
        writer.writerows(sheet)
    return target


def all_of(run, side, text):
    """Return what `fill` takes to confirm all rows of a side alike."""
    return {
        f"of_{int(row['id'][-7:-4])}": text
        for row in csv_rows.read(run / "labels.csv")
        if row["side"] == side
    }


def test_flips_are_first_and_the_suggestions_right(checked):
    found = csv_rows.read(checked / "labels.csv")
    assert len(found) == len(FLIPPED) + 10
    first = {int(row["id"][-7:-4]): row for row in found[: len(FLIPPED)]}
    assert set(first) == set(FLIPPED)
    for number, row in first.items():
        assert row["label"] == FLIPPED[number]
        assert row["suggested"] == NAMES[number % 3]
        assert row["confirm"] == ""
    quality = [float(row["quality"]) for row in found]
    assert quality == sorted(quality)
    page = (checked / "labels.html").read_text()
    assert all(row["id"] in page for row in found)
    assert page.index(">dev<") < page.index(">test<")
    assert "--mode=labels" in page


def test_a_fold_is_answered_for_by_a_model_without_it(
    dataset, tmp_path, monkeypatch
):
    run, found = open_run(tmp_path / "run", dataset, epochs=1)
    assert sorted(found.ids) == sorted(set(found.ids))
    assert len(found.ids) == COUNT
    seen, asked = [], []
    prepare, answers = loop.prepare, classify.Classify.answers

    def spy_prepare(task, run, data):
        ids = (set(data.splits[name].ids) for name in ("train", "dev"))
        seen.append(tuple(ids))
        return prepare(task, run, data)

    def spy_answers(task, trained, split):
        asked.append(split.ids)
        return answers(task, trained, split)

    monkeypatch.setattr(loop, "prepare", spy_prepare)
    monkeypatch.setattr(classify.Classify, "answers", spy_answers)
    out_of_fold.probabilities(run, found, tmp_path / "folds", 3)
    assert len(seen) == 3
    # Each fold is asked after its inner dev, on which thresholds are chosen.
    asked = asked[1::2]
    for (train, dev), held in zip(seen, asked, strict=True):
        assert train and dev and not train & dev
        assert train | dev == set(found.ids) - set(held)
    assert sorted(sum(asked, [])) == sorted(found.ids)


def kept(path, probabilities):
    checkpoints.write(path, {"probabilities": probabilities}, {})


def test_groups_stay_in_one_fold(dataset, tmp_path, monkeypatch):
    flags = {"group": r"(\d)\d\.png", "epochs": 1}
    run, found = open_run(tmp_path / "run", dataset, **flags)
    asked = []

    def answer(run, config, pool, places, path, done):
        asked.append({pool.ids[i][-7:-5] for i in places})
        kept(done, np.zeros([len(places), 3]))

    monkeypatch.setattr(out_of_fold, "_learn", answer)
    out_of_fold.probabilities(run, found, tmp_path / "folds", 3)
    assert sum(map(len, asked)) == len(set().union(*asked)) == 9


def test_a_killed_check_goes_on(dataset, tmp_path, monkeypatch):
    run, learned = begin(tmp_path / "run", dataset), []

    def learn(task, config, found, places, path, done):
        if len(learned) == 1:
            learned.append("killed")
            raise KeyboardInterrupt
        learned.append(path.name)
        kept(done, np.full([len(places), 3], 1 / 3))

    monkeypatch.setattr(out_of_fold, "_learn", learn)
    with pytest.raises(KeyboardInterrupt):
        label_check.find(run, folds=3)
    assert not (run / "labels.csv").exists()
    label_check.find(run, folds=3)
    assert learned == ["fold_0", "killed", "fold_1", "fold_2"]
    assert len(csv_rows.read(run / "labels.csv")) == 10
    label_check.find(run, folds=3)
    assert len(learned) == 4
    # Other folds start anew.
    label_check.find(run, folds=2)
    assert learned[4:] == ["fold_0", "fold_1"]
    assert not (run / "label_check" / "fold_2.npz").exists()


def test_what_people_confirmed_is_kept(checked):
    before = (checked / "labels.csv").read_text()
    fill(checked, checked / "labels.csv", of_5="yes", of_21="no")
    label_check.find(checked, folds=2)
    kept = {
        int(r["id"][-7:-4]): r["confirm"]
        for r in csv_rows.read(checked / "labels.csv")
    }
    assert kept[5] == "yes" and kept[21] == "no"
    assert sum(map(bool, kept.values())) == 2
    (checked / "labels.csv").write_text(before)


def test_confirmed_corrections_are_written(checked, tmp_path, capsys):
    path = fill(
        checked,
        tmp_path / "filled.csv",
        of_5="yes", of_21=" X", of_40="top", of_62="No", of_83="bottom",
    )  # fmt: skip
    target = label_check.apply(checked, path)
    assert target == tmp_path / "corrections.csv"
    assert {r["id"][-7:-4]: r["label"] for r in csv_rows.read(target)} == {
        "005": NAMES[5 % 3],
        "021": NAMES[21 % 3],
        "040": "top",
    }
    told = capsys.readouterr().out
    assert "5 labels looked at" in told
    assert f"--corrections={target}" in told
    assert f"--run_dir={checked}-corrected" in told
    assert "--model=softmax_regression" in told
    sides = {r["id"]: r["side"] for r in csv_rows.read(checked / "labels.csv")}
    for side in ("train", "dev", "test"):
        count = sum(sides[r["id"]] == side for r in csv_rows.read(target))
        assert f"{count} of {side}" in told


@pytest.mark.parametrize(("side", "other"), [("dev", "test"), ("test", "dev")])
def test_dev_and_test_are_to_be_treated_alike(
    checked, tmp_path, capsys, side, other
):
    only = all_of(checked, side, "yes")
    assert only and all_of(checked, other, "no")
    label_check.apply(checked, fill(checked, tmp_path / "a.csv", **only))
    told = capsys.readouterr().out
    assert f"WARNING: {side} labels are corrected, and no {other}" in told
    both = only | all_of(checked, other, "no")
    label_check.apply(checked, fill(checked, tmp_path / "b.csv", **both))
    assert "WARNING" not in capsys.readouterr().out


def test_sheets_that_do_not_fit_are_refused(checked, tmp_path, monkeypatch):
    opened = label_check._open(checked)
    monkeypatch.setattr(label_check, "_open", lambda run_dir: opened)

    def refused(told, path=tmp_path / "sheet.csv"):
        with pytest.raises(errors.UserError) as error:
            label_check.apply(checked, path)
        assert told in str(error.value)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)

    good = (checked / "labels.csv").read_text()
    path = tmp_path / "sheet.csv"
    path.write_text(good)
    refused("the column confirm is empty")
    fill(checked, path, of_5="tpo")
    refused("confirm: unknown 'tpo'; did you mean 'top'?")
    first = good.splitlines()[1]
    path.write_text(f"{good}{first}\n")
    refused(f"line {good.count(chr(10)) + 1}: '{first.split(',')[0]}' again")
    path.write_text(good.replace(first.split(",")[0], "no/such.png"))
    refused("line 2: the run has no example 'no/such.png'")
    label = first.split(",")[2]
    path.write_text(good.replace(f",{label},", ",other,", 1))
    refused("line 2: the run has no other")
    path.write_text(good.replace("confirm", "remark"))
    refused("line 1: no 'confirm'")


@pytest.mark.parametrize(
    ("text", "names", "meant"),
    [
        ("1", ["cat", "dog"], "dog"),
        ("0", ["cat", "dog"], "cat"),
        (" TRUE ", ["cat", "dog"], "dog"),
        ("", ["cat", "dog"], ""),
        # A class named so goes before yes and no.
        ("1", ["cat", "dog", "1"], "1"),
        ("x", ["cat", "dog", "x"], "x"),
    ],
)
def test_what_confirm_means(text, names, meant):
    cells = {"label": "cat", "suggested": "dog", "confirm": text}
    assert label_check._meant("line 2", cells, names) == meant


def test_other_tasks_are_refused(tmp_path):
    value = {"task": "regress", "flags": {"epochs": 1}, "data": {}}
    files.write_sealed(tmp_path / "config.json", value)
    with pytest.raises(errors.UserError, match="a run of regress"):
        label_check.find(tmp_path)


def test_too_few_examples_are_refused(dataset, tmp_path):
    run, found = open_run(tmp_path / "run", dataset)
    few = out_of_fold.Pool(found.examples, found.indices[:9], found.sides)
    with pytest.raises(errors.UserError, match="9 examples are too few"):
        out_of_fold.probabilities(run, few, tmp_path / "folds")


def test_two_sets_are_pooled(dataset, tmp_path):
    other = tmp_path / "target"
    rng = np.random.default_rng(1)
    for i in range(30):
        path = other / NAMES[i % 3] / f"t{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(NAMES[i % 3], rng)).save(path)
    flags = {"dev_dataset": str(other)}
    parts = new_task(tmp_path / "run", dataset, **flags).data().splits
    found = out_of_fold.pool(parts)
    assert len(found.ids) == COUNT + 30
    for side, part in parts.items():
        places = np.flatnonzero(found.sides == side)
        again = found.part(places)
        assert again.ids == part.ids
        np.testing.assert_array_equal(again.labels, part.labels)
        np.testing.assert_array_equal(
            again.examples.images[again.indices],
            part.examples.images[part.indices],
        )
    twin = shutil.copytree(dataset, tmp_path / "twin")
    flags = {"dev_dataset": str(twin)}
    parts = new_task(tmp_path / "same", dataset, **flags).data().splits
    with pytest.raises(errors.UserError, match="--dev_dataset: has ids"):
        out_of_fold.pool(parts)
