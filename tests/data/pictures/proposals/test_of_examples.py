import collections
import os
import subprocess
import sys

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.pictures.proposals import (
    of_examples as of_examples_module,
)
from kerasnotes.data.pictures.proposals import selective_search, store

Examples = collections.namedtuple("Examples", "images")
of_examples = of_examples_module.of_examples


def examples(count=5):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 4, 5, 3), np.uint8)
    return Examples(small.repeat(8, 1).repeat(8, 2))


@pytest.fixture
def calls(monkeypatch):
    """The pictures that are computed, in this process."""
    pictures, propose = [], selective_search.propose

    def count(picture, number, seed):
        pictures.append(picture)
        return propose(picture, number, seed)

    monkeypatch.setattr(selective_search, "propose", count)
    monkeypatch.setattr(of_examples_module, "_FEW", 1000)
    # Not of the check.
    monkeypatch.setattr(of_examples_module, "_check", lambda *words: None)
    return pictures


def stored(folder):
    return sorted(folder.rglob("*.boxes"))


def test_rows_are_the_proposals():
    pictures = examples()
    boxes, counts = of_examples(pictures, [3, 0, 3], number=6, seed=2)
    assert boxes.shape == (3, 6, 4)
    assert (boxes.dtype, counts.dtype) == (np.float32, np.int32)
    for row, i in enumerate([3, 0, 3]):
        expected = selective_search.propose(pictures.images[i], 6, 2)
        assert counts[row] == len(expected)
        np.testing.assert_array_equal(boxes[row, : counts[row]], expected)
        assert not boxes[row, counts[row] :].any()


def test_none_are_none(tmp_path):
    boxes, counts = of_examples(examples(), [], folder=tmp_path / "a")
    assert (boxes.shape, counts.shape) == ((0, 300, 4), (0,))


def test_processes_change_nothing(tmp_path):
    pictures = examples(6)
    boxes, counts = of_examples(pictures, processes=1)
    others = of_examples(pictures, processes=2, folder=tmp_path)
    np.testing.assert_array_equal(others[0], boxes)
    np.testing.assert_array_equal(others[1], counts)
    assert len(stored(tmp_path)) == 6


def test_another_process_proposes_the_same():
    picture = examples(1).images[0]
    program = (
        "import sys, numpy as np\n"
        "from kerasnotes.data.pictures.proposals import selective_search as s\n"
        "x = np.frombuffer(sys.stdin.buffer.read(), 'uint8')\n"
        "print(s.propose(x.reshape(32, 40, 3)).tolist())\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run(
        [sys.executable, "-c", program],
        input=picture.tobytes(),
        env=environment | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    expected = selective_search.propose(picture).tolist()
    assert answer.stdout.decode().strip() == str(expected)


def test_what_is_stored_is_not_computed(calls, tmp_path, capsys):
    pictures = examples()
    first = of_examples(pictures, folder=tmp_path)
    assert len(calls) == 5
    again = of_examples(pictures, [4, 1], folder=tmp_path)
    assert len(calls) == 5
    np.testing.assert_array_equal(again[0], first[0][[4, 1]])
    np.testing.assert_array_equal(again[1], first[1][[4, 1]])
    changed = pictures.images.copy()
    changed[2, 0, 0, 0] ^= 1
    of_examples(Examples(changed), folder=tmp_path)
    assert len(calls) == 6
    np.testing.assert_array_equal(calls[-1], changed[2])
    assert capsys.readouterr().out == ""


def test_nothing_of_other_settings_is_used(calls, tmp_path, monkeypatch):
    pictures = examples(1)
    for settings in ({}, {"number": 20}, {"seed": 1}):
        of_examples(pictures, folder=tmp_path, **settings)
    assert len(calls) == 3
    for module, name in (
        (selective_search, "VERSION"),
        (store.np, "__version__"),
        (store.scipy, "__version__"),
        (store.kerasnotes, "__version__"),
    ):
        monkeypatch.setattr(module, name, "another")
        of_examples(pictures, folder=tmp_path)
    assert len(calls) == 7
    # The same bytes in another form.
    of_examples(Examples(pictures.images.reshape(1, 40, 32, 3)), None, 300, 0,
                tmp_path)  # fmt: skip
    assert len(calls) == 8


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0",
        lambda data: bytes(len(data)),
        lambda data: data[:5] + bytes([data[5] ^ 4]) + data[6:],
    ],
)
def test_broken_files_are_computed_anew_and_told(
    calls, tmp_path, capsys, spoil
):
    pictures = examples(2)
    first, _ = of_examples(pictures, folder=tmp_path)
    path = stored(tmp_path)[0]
    path.write_bytes(spoil(path.read_bytes()))
    again, _ = of_examples(pictures, folder=tmp_path)
    assert len(calls) == 3
    np.testing.assert_array_equal(again, first)
    assert "1 of the files of proposals were broken" in capsys.readouterr().out
    of_examples(pictures, folder=tmp_path)
    assert len(calls) == 3
    assert capsys.readouterr().out == ""


def test_an_interruption_keeps_what_was_computed(calls, tmp_path, monkeypatch):
    pictures = examples()
    propose = selective_search.propose

    def interrupted(picture, number, seed):
        if len(calls) == 3:
            raise KeyboardInterrupt
        return propose(picture, number, seed)

    with monkeypatch.context() as patch:
        patch.setattr(selective_search, "propose", interrupted)
        with pytest.raises(KeyboardInterrupt):
            of_examples(pictures, folder=tmp_path)
    assert len(stored(tmp_path)) == 3
    of_examples(pictures, folder=tmp_path)
    assert len(calls) == 5


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(errors.UserError, match="can't be read: Not a dir"):
        of_examples(examples(1), folder=tmp_path / "a")


def test_arguments_refused_before_anything_is_computed(calls, monkeypatch):
    monkeypatch.undo()
    for words in ({"number": 0}, {"seed": -1}):
        with pytest.raises(errors.ArgumentError):
            of_examples(examples(1), **words)
    for indices in ([0, 5], [-1]):
        with pytest.raises(ValueError, match="`indices`.*Received"):
            of_examples(examples(), indices)


def test_all_are_in_their_rows_whatever_is_stored(calls, tmp_path, monkeypatch):
    monkeypatch.setattr(of_examples_module, "_CHUNK", 2)
    pictures = examples(7)
    expected, _ = of_examples(pictures)
    of_examples(pictures, [5, 2], folder=tmp_path)
    boxes, _ = of_examples(pictures, folder=tmp_path)
    np.testing.assert_array_equal(boxes, expected)
