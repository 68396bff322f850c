"""Several steps in one call leave epochs, dev and progress as they are."""

import numpy as np
import pytest

from kerasnotes.training.fit import callbacks
from tests.support import csv_rows
from tests.support.runs import learn, weights


def run(toy, folder, **given):
    """Trains two epochs of six steps; dev has two batches."""
    learn(toy, folder, **{"epochs": 2, "batch_size": 20, **given})
    rows = [
        {k: float(v) for k, v in row.items() if k != "seconds"}
        for row in csv_rows.read(folder / "history.csv")
    ]
    return weights(folder), rows


@pytest.mark.parametrize(
    "before, after, cut", [(2, 2, 2), (1, 3, 2), (3, 1, 3)]
)
def test_a_run_goes_on_in_other_calls(
    toy, tmp_path, after_call, before, after, cut
):
    want, history = run(toy, tmp_path / "whole")
    with after_call(cut // before, "asked"):
        run(toy, tmp_path / "cut", steps_per_execution=before)
    got, rows = run(toy, tmp_path / "cut", steps_per_execution=after)
    for name, value in want.items():
        np.testing.assert_allclose(value, got[name], rtol=1e-6, err_msg=name)
    (steps,) = {int(v) for n, v in got.items() if n.endswith("iteration")}
    assert steps == 12
    for one, other in zip(history, rows, strict=True):
        assert one == pytest.approx(other, rel=1e-6)


def test_dev_is_of_all_its_batches(toy, tmp_path):
    # Two batches of dev, of which calls of three steps take what there is.
    _, alone = run(toy, tmp_path / "one")
    _, three = run(toy, tmp_path / "three", steps_per_execution=3)
    for one, other in zip(alone, three, strict=True):
        assert one == pytest.approx(other, rel=1e-6)


def test_progress_counts_the_steps_before(monkeypatch, capsys):
    monkeypatch.setattr(callbacks, "_PROGRESS_SECONDS", 0.0)
    shown = callbacks.Progress(3, 10, "accuracy", first_step=4)
    shown.on_epoch_begin(1)
    # Two steps in a call.
    shown.on_train_batch_end(1, {"loss": 0.5})
    assert "epoch 2/3  step 6/10  loss 0.5000" in capsys.readouterr().out
