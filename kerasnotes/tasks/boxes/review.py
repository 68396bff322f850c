"""What the report of every task on pictures with boxes shows."""

import numpy as np

from kerasnotes.plots import boxes as boxes_plot
from kerasnotes.plots import figures, page

_SHOWN, _AUGMENTED = 12, 4


def draw_training_set(split, folder):
    """Write figures/boxes.png: training pictures with what is annotated.

    Args:
        split: a `BoxSplit`.
        folder: the run's folder.

    Returns:
        The file's path.
    """
    sample = split.take(min(split.size, _SHOWN))
    x, y, _ = sample.objects(np.arange(sample.size), None)
    path = folder / "figures" / "boxes.png"
    figures.save(_grid(x.numpy(), y, split.examples), path)
    return path


def boxes(split, folder):
    """Write figures/boxes.png, and return its blocks.

    Args:
        split: the `BoxSplit` of the training set.
        folder: the run's folder.
    """
    what = "boxes"
    if split.examples.point_names:
        what = "boxes and landmarks (each a mark and a colour of its own)"
    return [
        page.Heading("What is annotated"),
        page.Picture(
            draw_training_set(split, folder),
            f"Training pictures at the model's size, with the {what} to learn.",
            "Training pictures with their boxes",
        ),
    ]


def shown(split, batch_size, seed, folder):
    """Write figures/augmentation.png, and return its blocks.

    Args:
        split: the `BoxSplit` of the training set.
        batch_size: examples in a batch.
        seed: the run's.
        folder: the run's folder.
    """
    plain, augmented = split.first_batch(batch_size, seed)
    count = min(_AUGMENTED * 2, len(plain[0]))
    pictures = np.concatenate([plain[0][:count], augmented[0][:count]])
    rows = [_rows(y, count, split.examples) for _, y in (plain, augmented)]
    points = [_points(y, count) for _, y in (plain, augmented)]
    figure = boxes_plot.boxes(
        _drawable(pictures),
        [*rows[0], *rows[1]],
        points=[*points[0], *points[1]],
        columns=count,
        side=1.6,
    )
    path = folder / "figures" / "augmentation.png"
    figures.save(figure, path)
    return [
        page.Heading("What the model is shown"),
        page.Picture(
            path,
            "Training pictures of the first batch: above as they are, below "
            "as --augment has the model meet them, with what is annotated "
            "moved along." + _lost(plain[1], augmented[1]),
            "Pictures of a training batch before and after augmentation",
        ),
    ]


def _lost(plain, augmented):
    """Return what augmentation has moved out of the pictures, in words."""
    objects = [
        int(y["labels"].flat_values.shape[0]) for y in (plain, augmented)
    ]
    text = ""
    if objects[0] > objects[1]:
        text += (
            f" Of the {objects[0]:,} objects of this batch {objects[1]:,} are "
            "still to be seen well enough to count."
        )
    if "visible" in plain:
        visible = [
            int(np.sum(y["visible"].flat_values)) for y in (plain, augmented)
        ]
        text += (
            f" Of its {visible[0]:,} landmarks {visible[1]:,} lie within the "
            "pictures; the others count for nothing."
        )
    return text


def _grid(pictures, y, examples):
    count = len(pictures)
    return boxes_plot.boxes(
        _drawable(pictures),
        _rows(y, count, examples),
        points=_points(y, count),
    )


def _drawable(pictures):
    return list(pictures.round().astype("uint8"))


def _rows(y, count, examples):
    """Return each picture's pairs of a box and a name."""
    names = examples.class_names
    parts = zip(
        y["boxes"][:count].to_list(), y["labels"][:count].to_list(), strict=True
    )
    return [
        [(box, names[label]) for box, label in zip(*part, strict=True)]
        for part in parts
    ]


def _points(y, count):
    """Return each picture's lists of landmarks, NaN where one can't be seen."""
    if "points" not in y:
        return [[] for _ in range(count)]
    parts = zip(
        y["points"][:count].to_list(),
        y["visible"][:count].to_list(),
        strict=True,
    )
    return [
        [
            np.where(np.array(shown)[:, None], np.array(place), np.nan)
            for place, shown in zip(*part, strict=True)
        ]
        for part in parts
    ]
