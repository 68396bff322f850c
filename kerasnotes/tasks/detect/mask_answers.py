"""What masks of answers are worth, and how they look."""

import math

import numpy as np
import tensorflow as tf

from kerasnotes import metrics, ops
from kerasnotes.data.pictures import object_masks
from kerasnotes.metrics import coco
from kerasnotes.plots import figures, images, page
from kerasnotes.plots import masks as masks_plot

_SHOWN = 8
INSIDE = 0.5
"""The probability from which on a pixel is an object's."""


def report(answers):
    """Return what `metrics.mask_report` says, at the size of the input.

    Args:
        answers: the `answers.Answers`.
    """
    size = answers.split.examples.images.shape[1:3]
    truth = [
        row | {"masks": coco.run_lengths(_true(answers, i, row, size))}
        for i, row in enumerate(answers.truth)
    ]
    answered = []
    for i, row in enumerate(answers.detections):
        rows = row["labels"] >= 0
        row = {name: value[rows] for name, value in row.items()}
        masks = coco.run_lengths(pasted(answers, i, rows, size))
        answered.append(row | {"masks": masks})
    return metrics.mask_report(
        *(truth, answered, answers.classes),
        max(answers.outputs.shape[1], 1),
    )


def pasted(answers, i, rows, size):
    """Return the pixels of answers to a picture, bool `[k, height, width]`.

    Args:
        answers: the `answers.Answers`.
        i: the picture's place in the split.
        rows: which of its answers.
        size: height and width.
    """
    # All, so that it is traced once.
    masks = answers.masks[i].astype(np.float32) / 255
    pasted = _paste(masks[None], answers.outputs[i][None, :, :4], size)
    return pasted.numpy()[0, rows]


@tf.function(autograph=False)
def _paste(masks, boxes, size):
    return ops.paste_masks(masks, boxes, size, INSIDE)


def _true(answers, i, row, size):
    """Return the pixels of a picture's objects, bool `[m, height, width]`.

    One without a pixel, such as a crowd or what is too small for the input's
    size, has those of its box.
    """
    examples = answers.split.examples
    packed = examples.masks[int(answers.split.indices[i])]
    masks = object_masks.unpack(packed, size[1]).numpy()
    for k in np.flatnonzero(~masks.any((1, 2))):
        left, top, right, bottom = row["boxes"][k]
        rows = slice(math.floor(top), math.ceil(bottom))
        masks[k, rows, math.floor(left) : math.ceil(right)] = True
    return masks


def blocks(answers, threshold, names, folder):
    """Write figures/masks.png; return the report's blocks.

    Args:
        answers: the `answers.Answers` to dev.
        threshold: above which a box is answered.
        names: of the classes.
        folder: the run's folder.
    """
    scores = answers.mask_report
    if scores["ap"] is None:
        return []
    examples = answers.split.examples
    size = examples.images.shape[1:3]
    palette = masks_plot.colours(len(names) + 1)
    above, below = [], []
    for i in range(min(_SHOWN, answers.split.size)):
        picture = examples.images[answers.split.indices[i]]
        row, detections = answers.truth[i], answers.detections[i]
        true = _true(answers, i, row, size)
        above.append(_laid(picture, true, row["labels"], palette))
        rows = (detections["labels"] >= 0) & (detections["scores"] > threshold)
        masks = pasted(answers, i, rows, size)
        below.append(_laid(picture, masks, detections["labels"][rows], palette))
    figure = images.grid([*above, *below], None, len(above), 1.6)
    path = folder / "figures" / "masks.png"
    figures.save(figure, path)
    rows = sorted(
        zip(names, scores["per_class"], strict=True),
        key=lambda row: -row[1]["objects"],
    )
    return [
        page.Heading("Masks"),
        page.Picture(
            path,
            "Pictures of dev with the pixels of their objects, a colour for "
            "each class: above the truth, below the answers with a score "
            f"above {threshold:.3f}.",
            "Masks of the truth above those of the answers",
        ),
        page.Text(
            f"By the IoU of pixels, AP is {scores['ap']:.3f}, AP50 "
            f"{scores['ap50']:.3f} and AP75 {scores['ap75']:.3f} on dev."
        ),
        page.Table(
            ["class", "objects", "AP", "AP50", "AP75"],
            [
                [
                    name,
                    row["objects"],
                    *(f"{row[k]:.3f}" for k in ("ap", "ap50", "ap75")),
                ]
                for name, row in rows
                if row["objects"]
            ],
        ),
    ]


def _laid(picture, masks, labels, palette):
    """Return a picture with the pixels of objects in their classes' colours."""
    mask = np.zeros(picture.shape[:2], int)
    areas = masks.sum((1, 2))
    for k in np.argsort(-areas):
        mask[masks[k]] = int(labels[k]) + 1
    return masks_plot.overlay(np.asarray(picture), mask, palette)
