"""Checkpoints: consistent pairs, and what broken ones do."""

import keras
import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.training.fit import checkpoints


def variables(shape=(2, 3)):
    return [
        keras.Variable(np.ones(shape), name="kernel"),
        keras.Variable(0, dtype="int64", name="seed"),
    ]


def test_values_and_state_come_back(tmp_path):
    store = checkpoints.Checkpoints(tmp_path)
    one, two = variables(), variables()
    one[0].assign(np.arange(6.0).reshape(2, 3))
    one[1].assign(2**60 + 1)
    store.save_last(7, checkpoints.collect(one), {"epoch": 1, "x": None})
    values, state, path = store.load_last()
    checkpoints.restore(two, values, path)
    assert state == {"epoch": 1, "x": None}
    np.testing.assert_array_equal(one[0], two[0])
    assert int(two[1]) == 2**60 + 1


def test_the_last_two_and_their_bests_are_kept(tmp_path):
    store = checkpoints.Checkpoints(tmp_path)
    for step in range(1, 6):
        name = store.save_best(step, {"w": np.ones(1)})
        store.save_last(step, {}, {"best_file": name})
    names = sorted(path.name[-6:-4] for path in tmp_path.iterdir())
    assert names == ["04", "04", "05", "05"]


@pytest.mark.parametrize("broken", ["last", "best"])
@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_broken_one_falls_back(tmp_path, capsys, broken, damage):
    store = checkpoints.Checkpoints(tmp_path)
    for step in (1, 2):
        name = store.save_best(step, {"w": np.ones(99)})
        store.save_last(
            step, {"v": np.full(99, step)}, {"epoch": step, "best_file": name}
        )
    path = tmp_path / f"{broken}-000000002.npz"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 255
    path.write_bytes(
        {
            "cut": data[:middle],
            "flip": data,
            "empty": b"",
            "text": b"nothing to see here",
        }[damage]
    )
    _, state, found = store.load_last()
    assert state["epoch"] == 1 and found.name == "last-000000001.npz"
    assert f"{path}: a corrupt checkpoint" in capsys.readouterr().out


def test_none_left_starts_anew(tmp_path):
    assert checkpoints.Checkpoints(tmp_path / "none").load_last() is None


def test_another_model_is_refused(tmp_path):
    values = checkpoints.collect(variables())
    with pytest.raises(errors.UserError, match=r"kernel is \(2, 3\)"):
        checkpoints.restore(variables((2, 4)), values, "last.npz")
    with pytest.raises(errors.UserError, match="another model"):
        checkpoints.restore(variables()[:1], values, "last.npz")
