"""Detectors of two stages go on after a kill as if there had been none."""

import pytest

from kerasnotes.tasks import detect
from tests.support import coloured_boxes, mask_files, runs

STEPS = 3
KINDS = {
    "mask_rcnn": {
        "anchors": "1",
        "head_filters": 4,
        "proposals": 8,
        "augment": "standard:rotate=30",
    },
    # Its regions are drawn at random.
    "fast_rcnn": {"head_filters": 4, "proposals": 12, "augment": "standard"},
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param("mask_rcnn", marks=pytest.mark.slow), "fast_rcnn"],
)
def test_they_go_on_to_the_same_weights(kind, tmp_path):
    data = tmp_path / "data"
    if kind == "mask_rcnn":
        mask_files.beside(data, 20)
    else:
        coloured_boxes.write(data, 20)
    flags = KINDS[kind] | {
        "dataset": str(data), "detector": kind, "image_size": 24,
        "split": "train[:12],dev[12:]", "batch_size": 4, "epochs": 2,
        "width": 0.125, "strides": "4",
    }  # fmt: skip
    if kind == "fast_rcnn":
        flags["proposals_dir"] = str(tmp_path / "proposals")

    def learn(name):
        with runs.no_report():
            runs.learn_only(detect.Detect, tmp_path / name, **flags)

    learn("all")
    with runs.killed(STEPS + 2):
        learn("cut")
    runs.assert_within(tmp_path / "cut", 1, STEPS)
    learn("cut")
    runs.assert_same(tmp_path / "all", tmp_path / "cut")
    runs.assert_same_losses(tmp_path / "all", tmp_path / "cut")
