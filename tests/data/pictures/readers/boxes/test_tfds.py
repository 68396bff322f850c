"""Detection sets by their TFDS names, without a download."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import tfds as tfds_boxes
from tests.support import detection_sets

HEIGHT, WIDTH = detection_sets.SIZE


def test_coco():
    with detection_sets.mocked(is_crowd=[1, 0]):
        read = tfds_boxes.read("coco", size=detection_sets.SIZE)
    assert read.images.shape == (4, HEIGHT, WIDTH, 3)
    assert read.official is None
    assert len(read.class_names) == 80
    assert read.labels.to_list()[:2] == [[1, 2], []]
    np.testing.assert_allclose(
        read.boxes[0].numpy(), [[6, 10, 30, 30], [0, 0, 60, 40]], rtol=1e-6
    )
    assert read.crowd[0].numpy().tolist() == [True, False]
    assert (read.images[2] == 20).all()
    assert read.ids[1] == "train/000001"


def test_voc_counts_from_one():
    with detection_sets.mocked(
        is_difficult=[0, 1], is_truncated=[0, 0], pose=[0, 0]
    ):
        read = tfds_boxes.read("voc", size=detection_sets.SIZE)
    np.testing.assert_allclose(
        read.boxes[0].numpy(), [[5, 9, 30, 30], [0, 0, 60, 40]], atol=1e-5
    )
    assert read.difficult[0].numpy().tolist() == [False, True]


def test_kitti_counts_from_below():
    with detection_sets.mocked(label="type", occluded=[0, 0]):
        read = tfds_boxes.read("kitti", size=(2 * HEIGHT, WIDTH))
    assert read.class_names[:3] == ["Car", "Van", "Truck"]
    # The same, for it lies in the middle: so look at one that doesn't.
    boxes = [[0.0, 0.0, 0.25, 1.0]]
    edges = tfds_boxes._edges("kitti", boxes, detection_sets.SIZE)
    assert edges.tolist() == [[0, 0.75, 1, 1]]
    np.testing.assert_allclose(read.boxes[0][0], [6, 20, 30, 60], rtol=1e-6)


def test_objects_without_a_class():
    with detection_sets.mocked(group="faces", label="blur"):
        read = tfds_boxes.read("wider_face", size=16)
    assert read.class_names == ["object"]
    assert read.labels.to_list()[0] == [0, 0]


def test_other_sets_are_refused():
    with detection_sets.mocked(), pytest.raises(errors.UserError) as refusal:
        tfds_boxes.read("mnist")
    assert "image, label" in str(refusal.value)
    with pytest.raises(errors.UserError, match="unknown 'vok'; did you mean"):
        tfds_boxes.read("vok")


class Squares(tfds.core.GeneratorBasedBuilder):
    """Pictures on the disk with a square each, but for those of test."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        inner = {
            "bbox": tfds.features.BBoxFeature(),
            "label": tfds.features.ClassLabel(names=["a", "b"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(),
                    "objects": tfds.features.Sequence(inner),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        splits = {"train": 5, "validation": 4, "test": -3}
        return {k: self._generate_examples(v) for k, v in splits.items()}

    def _generate_examples(self, count):
        for key in range(abs(count)):
            image = np.random.default_rng(key).integers(
                0, 256, [16 + key, 20, 3], np.uint8
            )
            box = tfds.features.BBox(
                0.0, 0.0, 0.5, (key != 1) * 0.1 * (key + 1)
            )
            objects = [{"bbox": box, "label": 1}] * (count > 0)
            yield key, {"image": image, "objects": objects}


def test_records_on_demand(tmp_path):
    builder = Squares(data_dir=str(tmp_path))
    builder.download_and_prepare()
    read, lazy = (
        tfds_boxes.read_builder(builder, (8, 12), cache=cache)
        for cache in ("memory", "none")
    )
    assert read.ids == lazy.ids and len(read.ids) == 4 + 3
    assert any("of no area" in why for _, why in read.skipped)
    np.testing.assert_array_equal(read.images, lazy.images[:])
    assert read.boxes.to_list() == lazy.boxes.to_list()
    for side in ("train", "dev"):
        rows = read.official[side]
        np.testing.assert_array_equal(rows, lazy.official[side])
        assert {read.ids[row].partition("/")[0] for row in rows} == {side}
    # The test split isn't annotated: its pictures aren't background.
    assert sorted(read.official) == ["dev", "train"]
    assert "test has no box" in read.notes[0]
