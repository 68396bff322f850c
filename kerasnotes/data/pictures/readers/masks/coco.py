"""COCO's polygons and run lengths as masks of classes."""

import collections

import numpy as np

from kerasnotes.data.pictures import mask_sizes
from kerasnotes.data.pictures.readers.boxes import coco as coco_boxes
from kerasnotes.data.pictures.readers.boxes import json_files
from kerasnotes.data.pictures.readers.boxes import shapes as shapes_lib
from kerasnotes.data.pictures.readers.masks import encodings

NO_SHAPE = "objects without a polygon or run lengths, left out"


def files_of(files):
    """Return the names of the files of this format."""
    return coco_boxes.files_of(files, None)


class CocoMasks:
    """The masks that COCO's files draw.

    A pixel is of the category of the smallest object that covers it, and else
    background; regions of several objects (`iscrowd`) are ignored where no
    object is. Every category is a class, after the background.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Attributes:
        splits: dictionary of picture to train, dev, test or None.
        class_names: the names of the classes, background first.

    Raises:
        UserError: pycocotools isn't there; or see `boxes.coco.read`.
    """

    def __init__(self, files, names, pictures, problems):
        # Before anything is read that it ends.
        shapes_lib.drawing()
        self._problems = problems
        annotated = coco_boxes.read(files, names, pictures, problems)
        self.splits = {
            row.picture: row.split
            for row in annotated.annotations
            if row.picture is not None
        }
        sizes = {row.picture: row.size for row in annotated.annotations}
        self.sizes = {k: v for k, v in sizes.items() if k is not None}
        self.class_names = [encodings.BACKGROUND, *annotated.class_names]
        numbers = {
            key: i
            for i, key in enumerate(annotated.category_ids.values(), start=1)
        }
        self._objects = collections.defaultdict(list)
        places = {
            (row.file, row.place): row.picture for row in annotated.annotations
        }
        for name in names:
            self._read(json_files.read(files, name), name, places, numbers)

    def _read(self, part, name, places, numbers):
        """Collect the objects of a file's pictures."""
        pictures = {}
        for i, row in json_files.entries(part, "images"):
            place = f"images[{i}] {json_files.text(row.get('file_name'))}"
            pictures.setdefault(row.get("id"), places.get((name, place)))
        for i, row in json_files.entries(part, "annotations"):
            picture = pictures.get(row.get("image_id"))
            number = numbers.get(row.get("category_id"))
            if picture is None or number is None:
                continue
            self._objects[picture].append(
                (
                    row.get("segmentation"),
                    number,
                    row.get("iscrowd") in (1, True),
                    f"{name}: annotations[{i}]",
                )
            )

    def mask(self, picture, size):
        """Return the classes of a picture's pixels, uint8 `[height, width]`.

        Args:
            picture: its name.
            size: its height and width, as the file says them.
        """
        shapes, crowd = [], np.zeros(size, bool)
        for shape, number, is_crowd, place in self._objects[picture]:
            pixels = shapes_lib.drawn(shape, size)
            if pixels is None:
                self._problems.add(NO_SHAPE, place)
            elif is_crowd:
                crowd |= pixels
            else:
                shapes.append((int(pixels.sum()), number, pixels))
        mask = np.zeros(size, np.uint8)
        mask[crowd] = mask_sizes.IGNORED
        # What is small lies on what is large.
        for _, number, pixels in sorted(shapes, key=lambda s: -s[0]):
            mask[pixels] = number
        return mask
