"""The anchors of a training set, shared out among the grids."""

import numpy as np

from kerasnotes import errors, ops

# k-means needs no more boxes than these to know their shapes.
_BOXES = 3_000
_SHOWN = 9
# Far below what one anchor chosen by k-means has.
_POOR = 0.4


def choose(examples, indices, config):
    """Return the anchors of each grid, and print how well they fit.

    Args:
        examples: the `BoxExamples`.
        indices: which of them train.
        config: the task's Config.

    Returns:
        For each stride, the finest first, a list of `[width, height]` in
        pixels of the model's input.

    Raises:
        UserError: no box trains, or fewer shapes than anchors.
    """
    sizes = _sizes(examples, indices, config)
    value, strides = config.anchor_sizes(), config.grid_strides()
    if isinstance(value, int):
        shares = _fits(sizes, value, config)
        listed = ", ".join(f"{k}: {v:.3f}" for k, (_, v) in shares.items())
        print(f"mean IoU of shapes by number of anchors: {listed}")
        anchors, share = shares[value]
    else:
        anchors = np.array(sorted(value, key=np.prod))
        share = _mean_iou(sizes, anchors)
    anchors = np.round(anchors, 2)
    groups = [g.tolist() for g in np.array_split(anchors, len(strides))]
    for stride, group in zip(strides, groups, strict=True):
        shown = ", ".join(f"{w:g}×{h:g}" for w, h in group)
        print(f"anchors at stride {stride}: {shown}")
    print(f"their mean IoU with the shapes of training: {share:.3f}")
    if share < _POOR:
        print(
            f"--anchors={config.anchors}: these fit few of the boxes; give "
            "them in pixels of the network's input, or their number"
        )
    return groups


def _sizes(examples, indices, config):
    """Return width and height of the boxes that train."""
    counts = examples.labels.row_lengths().numpy()
    trains = np.isin(np.arange(len(counts)), indices)
    rows = np.repeat(trains, counts) & ~examples.crowd.flat_values.numpy()
    boxes = examples.boxes.flat_values.numpy()[rows].astype(np.float64)
    if not len(boxes):
        raise errors.UserError(
            f"--dataset={config.dataset}: no picture of the training set has "
            "a box: nothing to learn"
        )
    sizes = boxes[:, 2:] - boxes[:, :2]
    if len(sizes) > _BOXES:
        generator = np.random.default_rng(0)
        sizes = sizes[generator.permutation(len(sizes))[:_BOXES]]
    return sizes


def _fits(sizes, count, config):
    """Return anchors and mean IoU of 1 to 9 anchors, and of the number."""
    distinct = len(np.unique(sizes, axis=0))
    if count > distinct:
        raise errors.UserError(
            f"--anchors={count}: the boxes of the training set have "
            f"{distinct} different shapes; give so many at most"
        )
    numbers = sorted({count, *range(1, min(_SHOWN, distinct) + 1)})
    return {
        k: ops.anchor_clusters(sizes, k, config.seed, restarts=3)
        for k in numbers
    }


def _mean_iou(sizes, anchors):
    overlaps = np.asarray(ops.shape_iou(sizes, anchors))
    return float(overlaps.max(axis=1).mean())
