"""k-means on the IoU of shapes: small cases, and the sizes of blood cells."""

import itertools
import pathlib
import xml.etree.ElementTree
import zipfile

import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import anchor_clusters, shape_iou
from tests.support.paths import ROOT

BCCD = ROOT.parent / "shared/data/bccd/BCCD_trainval.zip"


def test_the_best_of_all_partitions():
    """The IoU can't be below that of the best pair of boxes as anchors."""
    rng = np.random.default_rng(0)
    sizes = rng.uniform(5, 60, (12, 2))
    overlaps = ops.convert_to_numpy(shape_iou(sizes, sizes))
    pairs = itertools.combinations(range(12), 2)
    best = max(overlaps[:, list(pair)].max(axis=1).mean() for pair in pairs)
    anchors, share = anchor_clusters(sizes, 2)
    assert share >= best - 0.02
    mean = ops.convert_to_numpy(shape_iou(sizes, anchors)).max(axis=1).mean()
    assert share == pytest.approx(float(mean))


def test_clusters_apart():
    rng = np.random.default_rng(1)
    centres = np.array([[10, 30], [60, 20], [90, 100]])
    sizes = np.repeat(centres, 20, axis=0) + rng.uniform(-1, 1, (60, 2))
    anchors, share = anchor_clusters(sizes, 3)
    np.testing.assert_allclose(anchors, centres, atol=0.5)
    again, _ = anchor_clusters(sizes, 3)
    np.testing.assert_array_equal(anchors, again)
    assert share > 0.93
    every, share = anchor_clusters(centres, 3)
    assert share == 1 and sorted(every.tolist()) == centres.tolist()


def test_refusals():
    with pytest.raises(ValueError, match=r"Received: \[5.0, 0.0\] in row 1"):
        anchor_clusters([[1, 2], [5, 0]], 1)
    with pytest.raises(ValueError, match="`sizes` must be positive"):
        anchor_clusters([[1, np.nan]], 1)
    for k in (0, 2):
        with pytest.raises(ValueError, match="`k` must be from 1 to 1"):
            anchor_clusters([[1, 2], [1, 2]], k)
    with pytest.raises(ValueError, match="`k` must be from 1 to 0"):
        anchor_clusters([], 1)


def blood_cells():
    """Return the sizes of the boxes of training that have an area."""
    with zipfile.ZipFile(BCCD) as file:
        names = file.read("BCCD/ImageSets/Main/train.txt").decode().split()
        trees = [
            xml.etree.ElementTree.fromstring(
                file.read(f"BCCD/Annotations/{name}.xml")
            )
            for name in names
        ]
    boxes = [
        [
            float(box.find(side).text)
            for side in ("xmin", "ymin", "xmax", "ymax")
        ]
        for tree in trees
        for box in tree.iter("bndbox")
    ]
    sizes = np.array(boxes)[:, 2:] - np.array(boxes)[:, :2]
    return sizes[(sizes > 0).all(axis=1)]


@pytest.mark.skipif(not pathlib.Path(BCCD).is_file(), reason="no blood cells")
def test_blood_cells():
    sizes = blood_cells()
    # Measured by another program.
    for k, want in ((1, 0.729), (2, 0.765), (3, 0.809), (5, 0.852), (9, 0.883)):
        _, share = anchor_clusters(sizes, k)
        assert want - 0.001 < share < want + 0.011, k
