"""Detection sets of TensorFlow Datasets: objects with a box and a class."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress, tf_records
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import (
    box_examples,
    decode,
    examples,
    on_demand,
    read_files,
)
from kerasnotes.data.pictures.readers.boxes import checks, records

_OBJECT = "object"
_LABELS = ("label", "type")


def read(name, data_dir=None, **arguments):
    """Read a set by its TFDS name, downloading it only if it is missing.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.
        **arguments: see `read_builder`.

    Returns:
        The `BoxExamples`; train, test and validation are official splits.

    Raises:
        UserError: no such set, or it holds no pictures with boxes, or it is
            missing and can't be downloaded.
    """
    return tfds_sets.read(
        name,
        data_dir,
        keys,
        lambda builder: read_builder(builder, **arguments),
        "many_digits",
        "a TFDS name of object detection, as 'voc', or a folder or zip of "
        "pictures with boxes that exists",
    )


def read_builder(
    builder,
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read a prepared TFDS builder.

    Boxes are shares of the picture. Those of `kitti` count from below, and
    those of `voc` from one pixel to the right and below: both are put right.
    A split without any box isn't annotated, and is left out.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        size: the side wanted, or `(height, width)`; None is 256.
        channels: 1, 3, or None for 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.

    Returns:
        The `BoxExamples`; ids are `split/000123`, in TFDS's order.

    Raises:
        UserError: it holds no pictures with boxes.
    """
    keys(builder)
    size = size or 256
    size = (size, size) if isinstance(size, int) else tuple(size)
    shape = (*size, channels or 3)
    splits = tfds_sets.splits(builder)
    known = builder.info.splits
    # A set that was never prepared doesn't know them: reading it says so.
    total = sum(
        known[name].num_examples
        if name in known
        else int(builder.as_dataset(split=name).cardinality())
        for name in splits.values()
    )
    keeps = examples.keeps((total, *shape), cache, cache_dir)
    if not keeps:
        tf_records.check_format(builder)
    reading = _Reading(builder, shape, mode, keeps)
    array = (
        examples.allocate((total, *shape), cache_dir, cache) if keeps else None
    )
    for split, name in splits.items():
        reading.read(split, name, array)
    return reading.examples(array)


class _Reading:
    """The examples that have been read of a builder."""

    def __init__(self, builder, shape, mode, keeps):
        self._builder, self._shape, self._mode = builder, shape, mode
        self._keeps, self._parts, self._notes = keeps, {}, []
        self._problems = records.Problems()
        self.ids, self._checked, self._sizes = [], [], []
        self._image, self._group, self._label = keys(builder)
        self._class_names = [_OBJECT]
        if self._label:
            feature = builder.info.features[self._group].feature
            self._class_names = feature[self._label].names

    def read(self, split, name, array):
        """Read the pictures of a split, and check their boxes."""
        data = self._builder.as_dataset(
            split=name,
            shuffle_files=False,
            decoders={self._image: tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(add_tfds_id=not self._keeps),
        )
        data = data.map(self._prepared, num_parallel_calls=tf.data.AUTOTUNE)
        first, names = len(self.ids), []
        count = int(data.cardinality())
        # Until a box is met, nobody knows whether the split is annotated.
        for number, (picture, size, example) in enumerate(
            progress.progress(
                data.as_numpy_iterator(), count, f"reading {split}"
            )
        ):
            key = f"{split}/{number:06d}"
            boxes = self._check(key, example, tuple(map(int, size)))
            if boxes is None:
                continue
            if self._keeps:
                array[len(self.ids)] = picture
            else:
                names.append(example["tfds_id"])
            self.ids.append(key)
            self._checked.append(boxes)
            self._sizes.append(tuple(size))
        if not any(len(boxes.boxes) for boxes in self._checked[first:]):
            del self.ids[first:], self._checked[first:], self._sizes[first:]
            self._notes.append(f"{split} has no box, and is left out")
            return
        self._parts[split] = first, names

    def _prepared(self, example):
        data = example.pop(self._image)
        picture = decode.decode(data)
        size = tf.shape(picture)[:2]
        example = {
            key: value
            for key, value in example.items()
            if key in (self._group, "tfds_id")
        }
        if not self._keeps:
            return tf.zeros([0]), size, example
        *side, channels = self._shape
        return decode.resize(picture, side, channels, self._mode), size, example

    def _check(self, key, example, size):
        group = example[self._group]
        boxes = _edges(self._builder.name, group["bbox"], size)
        labels = [0] * len(boxes)
        if self._label:
            labels = group[self._label]
        no = [False] * len(boxes)
        flags = zip(
            group.get("is_difficult", no),
            group.get("is_crowd", group.get("is_group_of", no)),
            strict=True,
        )
        objects = [
            records.BoxObject(
                tuple(box),
                self._name(label),
                f"{self._group}[{i}]",
                bool(difficult > 0),
                bool(crowd > 0),
            )
            for i, (box, label, (difficult, crowd)) in enumerate(
                zip(boxes, labels, flags, strict=True)
            )
        ]
        annotation = records.Annotation(
            f"{self._builder.name}: {key}", key, objects, relative=True
        )
        return checks.check(
            annotation, checks.PictureSize(size), self._problems
        )

    def _name(self, label):
        known = 0 <= label < len(self._class_names)
        return self._class_names[label] if known else None

    def examples(self, array):
        """Return the `BoxExamples`."""
        *size, _ = self._shape
        images = array[: len(self.ids)] if self._keeps else self._on_demand()
        values = box_examples.assemble(
            images,
            self._checked,
            self._sizes,
            tuple(size),
            self._mode,
            self._class_names,
            [],
        )
        official = {
            split: np.flatnonzero([i.startswith(f"{split}/") for i in self.ids])
            for split in self._parts
        }
        name = self._builder.name
        return box_examples.BoxExamples(
            images,
            values.pop("labels"),
            self.ids,
            list(self._class_names),
            official if len(official) > 1 else None,
            sorted(self._problems.rows),
            notes=[
                "; ".join([f"--dataset={name}: TFDS", *self._notes]),
                *self._problems.lines(),
            ],
            **values,
        )

    def _on_demand(self):
        *size, channels = self._shape
        parts = {
            split: tf_records.Records(
                self._builder,
                tfds_sets.splits(self._builder)[split],
                None,
                names,
            )
            for split, (_, names) in self._parts.items()
        }
        image, builder, ids = self._image, self._builder, self.ids

        def read(row):
            split = ids[row].partition("/")[0]
            record = parts[split].read(row - self._parts[split][0])
            feature = tf.train.Example.FromString(record).features.feature
            data = feature[image].bytes_list.value[0]
            return data, read_files.kind_of(data)

        def decoded(data, kind):
            kinds = {read_files.PLAIN, read_files.ANY}
            return read_files.decoded(
                data, kind, kinds, size, channels, self._mode
            )

        def check(row):
            try:
                decoded(*map(tf.constant, read(row)))
            except Exception as error:  # Of the disk, protobuf and TensorFlow.
                reason = str(error).partition("\n")[0]
                return f"{builder.name}: {ids[row]}: broken: {reason}"
            return None

        shape = (len(ids), *self._shape)
        return on_demand.OnDemand(read, decoded, shape, check)


def _edges(name, boxes, size):
    """Return `xyxy` from edges, shares of the picture, of TFDS's `yxyx`."""
    top, left, bottom, right = np.asarray(boxes, np.float64).reshape(-1, 4).T
    if name == "kitti":
        top, bottom = 1 - bottom, 1 - top
    if name == "voc":
        left, top = left - 1 / size[1], top - 1 / size[0]
    return np.stack([left, top, right, bottom], -1)


def keys(builder):
    """Return the names of the picture, of the objects, and of their class.

    The class' name is None where objects have none.

    Args:
        builder: a `tfds.core.DatasetBuilder`.

    Raises:
        UserError: there are none, or several.
    """
    features = dict(builder.info.features)
    pictures = [
        key
        for key, feature in features.items()
        if type(feature) is tfds.features.Image and feature.dtype == np.uint8
    ]
    groups = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Sequence)
        and isinstance(feature.feature, tfds.features.FeaturesDict)
        and "bbox" in feature.feature
        and isinstance(feature.feature["bbox"], tfds.features.BBoxFeature)
    ]
    if len(pictures) != 1 or len(groups) != 1:
        raise errors.UserError(
            f"--dataset: {builder.name} does not hold pictures with one list "
            f"of objects with a bbox each; its features are "
            f"{', '.join(features)}."
        )
    inner = dict(features[groups[0]].feature)
    classes = [
        key
        for key, feature in inner.items()
        if isinstance(feature, tfds.features.ClassLabel)
    ]
    named = [key for key in _LABELS if key in classes] or classes
    return pictures[0], groups[0], named[0] if named else None
