import dataclasses
import json

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.training.fit import checkpoints
from kerasnotes.training.report import learning_curve
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import session
from tests.support.runs import assert_same


@pytest.fixture
def curve(toy):
    def run(folder, **flags):
        given = {"epochs": 3, "batch_size": 16, "learning_curve": "0.5,0.2"}
        config = toy.Config(**(given | flags), run_dir=str(folder))
        task = toy(config)
        config.check()
        run = session.Run(config, run_folder.RunFolder(folder, task.name))
        return learning_curve.learning_curve(task, run, task.data())

    return run


def test_parts_take_the_steps_of_the_whole(curve, tmp_path, capsys):
    points = curve(tmp_path, learning_curve="0.5,0.1,1,0.5")
    assert [p["size"] for p in points] == [12, 60]
    for point in points:
        assert point["train"].examples == point["size"]
        assert point["dev"].examples == 40
        assert point["dev"].error <= 1
        folder = tmp_path / "learning_curve" / str(point["size"])
        # 120 examples make 7 batches of 16, in each of 3 epochs.
        (last,) = sorted((folder / "checkpoints").glob("last-*"))[-1:]
        assert last.name == "last-000000021.npz"
        kept = json.loads((folder / "config.json").read_text())
        assert kept["data"]["train"] == point["size"]
        assert kept["flags"]["batch_size"] == min(16, point["size"])
    out = capsys.readouterr().out.splitlines()
    assert out.pop(0).endswith("there are 12 examples to train on: 12 a step")
    assert len(out) == 2
    assert out[0].startswith("learning curve: 12 examples: train error ")


def test_what_is_finished_is_not_trained_again(curve, tmp_path, monkeypatch):
    before = curve(tmp_path)
    monkeypatch.setattr(learning_curve.loop, "fit", None)
    assert curve(tmp_path) == before
    assert curve(tmp_path, human_error=0.1) == before


def test_more_epochs_go_on(curve, tmp_path):
    curve(tmp_path / "a", learning_curve="0.2")
    curve(tmp_path / "a", learning_curve="0.2", epochs=5)
    curve(tmp_path / "b", learning_curve="0.2", epochs=5)
    assert_same(*(tmp_path / n / "learning_curve/24" for n in "ab"))


def test_a_killed_part_ends_as_if_never_killed(
    curve, tmp_path, monkeypatch, after_call
):
    whole = curve(tmp_path / "a")
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    with after_call(10, "killed"):
        curve(tmp_path / "b")
    # In the middle of an epoch, which isn't one of the part.
    assert list(
        (tmp_path / "b/learning_curve/24/checkpoints").glob("*-*09.npz")
    )
    assert curve(tmp_path / "b") == whole
    for size in ("24", "60"):
        assert_same(*(tmp_path / n / "learning_curve" / size for n in "ab"))


def test_a_smaller_part_is_in_the_larger(toy):
    train = toy(toy.Config()).data().splits["train"]
    small, large = train.take(24), train.take(60)
    assert set(small.ids) < set(large.ids) < set(train.ids)


def test_an_epoch_of_a_part_is_several_passes(toy):
    part = toy(toy.Config()).data().splits["train"].take(20)
    repeated = learning_curve._Repeated(part, 8, 5)
    assert repeated.size // 8 == 5

    def batches(*where):
        return [
            x.numpy() for x, _, _ in repeated.training_batches(8, 0, *where)
        ]

    whole = batches(0, 0, 3)
    assert len(whole) == 15
    # Two batches are a pass over the part; none holds an example twice.
    for i in range(0, 14, 2):
        rows = np.concatenate(whole[i : i + 2])
        assert len(np.unique(rows, axis=0)) == 16
    rest = batches(1, 2, 3)
    assert len(rest) == 8
    for a, b in zip(whole[7:], rest, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.5,2", "Received: 2"),
        ("0", "Received: 0"),
        ("nan", "Received: nan"),
        ("half", "numbers with commas between"),
        ("0.001", "leaves none of the 120 training examples"),
    ],
)
def test_shares_that_cannot_be(curve, tmp_path, text, said):
    with pytest.raises(errors.UserError, match=said):
        curve(tmp_path, learning_curve=text)
    assert not list(tmp_path.iterdir())


def test_no_flag_is_no_share(toy):
    assert toy.Config().curve_shares() == []
    config = dataclasses.replace(toy.Config(), learning_curve="0.5,0.1,0.5")
    assert config.curve_shares() == [0.1, 0.5]
