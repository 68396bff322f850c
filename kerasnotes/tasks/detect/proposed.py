"""Regions that a segmentation proposes: for splits, and for photos."""

import os
import pathlib

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures import decode, frames
from kerasnotes.data.pictures.proposals import of_examples, selective_search
from kerasnotes.metrics import proposals as proposal_metrics
from kerasnotes.plots import figures, page
from kerasnotes.plots import proposals as plots


def of_split(split, config):
    """Return the regions of each example, ragged `[n, (k), 4]`.

    Args:
        split: a `BoxSplit`; examples that it leaves out have none.
        config: the task's Config.
    """
    boxes, counts = of_examples.of_examples(
        split.examples, split.indices, config.regions(), folder=_folder(config)
    )
    lengths = np.zeros(len(split.examples.ids), np.int64)
    lengths[split.indices] = counts
    # Ragged rows are in the order of the examples.
    rows = [boxes[i, : counts[i]] for i in np.argsort(split.indices)]
    return tf.RaggedTensor.from_row_lengths(
        np.concatenate([np.zeros((0, 4), np.float32), *rows]), lengths
    )


def _folder(config):
    """Return where proposals are kept for runs to come."""
    if config.proposals_dir:
        return pathlib.Path(config.proposals_dir)
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home) / "kerasnotes" / "proposals"


def blocks(report, names, folder):
    """Write figures/proposals.png; return the report's blocks.

    Args:
        report: `Answers.proposals` of dev.
        names: of the classes.
        folder: the run's folder.
    """
    if not report["objects"]:
        return []
    path = folder / "figures" / "proposals.png"
    lines = {
        f"IoU {threshold:g}": row
        for threshold, row in zip(
            report["thresholds"], report["recall"], strict=True
        )
    }
    figures.save(plots.proposal_recall(report["numbers"], lines), path)
    return [
        page.Heading("What the regions cover"),
        page.Picture(
            path,
            f"{proposal_metrics.recall_text('dev', report, names)}.",
            "Recall of proposals against their number",
            chart=True,
        ),
    ]


def of_photo(image_bytes, facts, config):
    """Return the regions of a photo in its own pixels, `[1, k, 4]`.

    They are proposed at the model's size, as those that it has learned from.

    Args:
        image_bytes: the encoded photo.
        facts: those of the data.
        config: the task's Config.
    """
    *size, channels = facts["input_shape"]
    photo = decode.decode(image_bytes)
    picture = decode.resize(photo, size, channels, config.resize)
    boxes = tf.numpy_function(
        lambda pixels: selective_search.propose(pixels, config.regions()),
        [picture],
        tf.float32,
    )
    return frames.original_boxes(
        tf.ensure_shape(boxes, [None, 4])[None],
        tf.shape(photo)[None, :2],
        *(size, config.resize),
    )
