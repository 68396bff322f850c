"""Windows go on after a kill as if there had been none."""

import numpy as np
import pytest

from kerasnotes.tasks import segment
from tests.support import mask_files, runs

STEPS = 5


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write ten pictures of 16×24, each with two squares of a rare class."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for i in range(10):
        mask = np.zeros([16, 24], np.uint8)
        for left in (2, 11):
            mask[5:11, left : left + rng.integers(4, 8)] = 1
        noise = rng.integers(0, 60, mask.shape)
        picture = (80 + 100 * mask + noise).astype(np.uint8)
        mask_files.save(folder / f"{i}.png", picture)
        mask_files.save(folder / f"{i}_mask.png", mask)
    return folder


def learn(data, folder):
    flags = {
        "dataset": str(data), "crop_size": 8, "rare_crops": 0.6,
        "split": "train[:5],dev[5:]", "batch_size": 6, "epochs": 2,
        "filters": "2,3", "dropout": "0.3", "padding": "valid",
        "augment": "standard:flip=true,rotate=180,warp=0.01",
        "boundary_weight": 5.0, "boundary": "gaps:sigma=3",
    }  # fmt: skip
    with runs.no_report():
        _, _, read = runs.learn_only(segment.Segment, folder, **flags)
    assert read.splits["train"].steps(6) == STEPS


def test_windows_go_on_after_a_kill_to_the_same_weights(data, tmp_path):
    learn(data, tmp_path / "all")
    # In the midst of the second epoch, of which the rest has other windows.
    with runs.killed(STEPS + 3):
        learn(data, tmp_path / "cut")
    runs.assert_within(tmp_path / "cut", 1, STEPS)
    learn(data, tmp_path / "cut")
    runs.assert_same(tmp_path / "all", tmp_path / "cut")
    runs.assert_same_losses(tmp_path / "all", tmp_path / "cut")
