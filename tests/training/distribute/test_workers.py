"""What a worker that isn't the chief does in a folder of its own."""

import itertools
import pathlib

import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training.distribute import workers


@pytest.fixture(autouse=True)
def _no_chief(monkeypatch):
    monkeypatch.setattr(workers, "is_chief", lambda: False)


def test_it_takes_what_was_learned_and_leaves_the_run_alone(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/last-1.npz").write_text("one")
    (tmp_path / "history.csv").write_text("epoch")
    with workers.worker_folder(tmp_path) as own:
        (pathlib.Path(own) / "history.csv").write_text("more")
        taken = pathlib.Path(own) / "checkpoints/last-1.npz"
        assert taken.read_text() == "one"
    assert not taken.exists()
    assert (tmp_path / "history.csv").read_text() == "epoch"


def test_an_error_names_the_runs_folder(tmp_path):
    with (
        pytest.raises(errors.Diverged, match=f"^{tmp_path}: why$"),
        workers.worker_folder(tmp_path) as own,
    ):
        raise errors.Diverged(f"{own}: why")


def test_a_run_that_cant_be_copied_is_told(tmp_path, monkeypatch):
    def full(*paths):
        raise OSError(28, "No space left on device")

    (tmp_path / "history.csv").touch()
    monkeypatch.setattr(workers.shutil, "copy", full)
    with (
        pytest.raises(errors.UserError, match="No space left.*TMPDIR"),
        workers.worker_folder(tmp_path),
    ):
        pass


@pytest.mark.parametrize("together", [1, 3, 16])
def test_workers_agree_every_ten_steps(together, monkeypatch):
    monkeypatch.setattr(workers.strategies, "several_workers", lambda: True)
    # A run that goes on from step 5.
    steps = range(5, 400, together)
    agreed = [s for s in steps if workers.may_agree(s, together)]
    waits = [b - a for a, b in itertools.pairwise([5, *agreed, 400])]
    assert max(waits) <= max(10, together + 9)


@pytest.mark.parametrize(
    "raised, told",
    [
        (tf.errors.UnavailableError, errors.UserError),
        (tf.errors.ResourceExhaustedError, tf.errors.ResourceExhaustedError),
    ],
)
def test_its_own_error_is_no_others(raised, told, monkeypatch):
    monkeypatch.setattr(workers.strategies, "several_workers", lambda: True)
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: None)
    with pytest.raises(told), workers.together():
        raise raised(None, None, "why")
