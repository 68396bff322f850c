"""Pascal VOC: an XML file a picture.

Source: M. Everingham and J. Winn, "The PASCAL Visual Object Classes
Challenge 2012 Development Kit", section 11: pixels count from 1, and a box's
last ones belong to it.
"""

import dataclasses

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures.readers.boxes import (
    layouts,
    records,
    xml_trees,
)

FORMAT = "Pascal VOC"
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_HEAD = 4096
# Listed in several, a picture is of the last: it isn't to train.
_LISTS = {"trainval": "train", "train": "train", "val": "dev", "test": "test"}
_NOT_LISTED = "pictures in none of the ImageSets, skipped"
_LISTED_TWICE = "pictures listed in two of the ImageSets, put into the later"


def files_of(files, _):
    """Return the names of the files of this format."""
    return [
        name
        for name in files.names
        if name.lower().endswith(".xml")
        and b"<annotation" in files.read(name, _HEAD).replace(b"\0", b"")
    ]


def read(files, names, pictures, problems):
    """Read annotations.

    An annotation is of the picture of its own name, else of the one that it
    names. Sides count from 1, and the last pixels belong to the box; where
    any counts from 0, all are taken as edges.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`.
    """
    main = [p for p in pictures if "JPEGImages" in p.split("/")]
    index = layouts.PictureIndex(main or pictures)
    lists = _lists(files, problems)
    annotations = []
    for name in progress.progress(names, len(names), "reading annotations"):
        try:
            root = xml_trees.parse(files.read(name), name)
            annotations.append(_annotation(name, root, index))
        except errors.UserError as error:
            problems.add(records.BROKEN, error)
        except Exception as error:  # Whatever zipfile or the disk raises.
            problems.add(records.BROKEN, f"{name}: {error}")
    annotations, note = _counted(annotations)
    if lists:
        annotations = _split(annotations, lists, problems)
    return records.AnnotationSet(FORMAT, annotations, notes=[note])


def _annotation(name, root, index):
    if root.tag != "annotation":
        raise errors.UserError(f"{name}: line {root.line}: no annotation")
    folder = layouts.folder(name)
    reference = root.value("filename") or ""
    base = reference.replace("\\", "/").rpartition("/")[2]
    picture = None
    if layouts.stem(base).casefold() == layouts.stem(name).casefold():
        picture = index.find(base, folder)
    picture = picture or index.find(layouts.stem(name) + ".jpg", folder)
    picture = picture or index.find(base, folder)
    return records.Annotation(
        name,
        picture,
        [_object(node) for node in root.all("object")],
        records.sides(
            root.value("size", "height"), root.value("size", "width")
        ),
    )


def _object(node):
    return records.BoxObject(
        tuple(records.real(node.value("bndbox", side)) for side in _SIDES),
        node.value("name") or None,
        f"line {node.line}",
        difficult=records.real(node.value("difficult")) == 1,
    )


def _counted(annotations):
    """Return the annotations with edges for pixels, and what was decided."""
    zero = [
        f"{annotation.file}: {item.place}"
        for annotation in annotations
        for item in annotation.objects
        if 0 <= min(item.box[:2]) < 1
    ]
    if zero:
        return annotations, (
            f"sides count from 0, as {zero[0]}: taken as edges, not as Pascal "
            "VOC's pixels, which count from 1"
        )
    counted = []
    for annotation in annotations:
        objects = [
            dataclasses.replace(item, box=records.edges(item.box, 1))
            for item in annotation.objects
        ]
        counted.append(dataclasses.replace(annotation, objects=objects))
    return counted, "sides count from 1, as Pascal VOC's"


def _lists(files, problems):
    """Return a dictionary of folder and stem to split."""
    lists = {}
    for part in _LISTS:
        for name in files.names:
            if not f"/{name}".endswith(f"/ImageSets/Main/{part}.txt"):
                continue
            root = f"/{name}".rpartition("/ImageSets/")[0]
            text = files.read(name).decode("utf-8", "replace")
            for line, row in enumerate(text.splitlines(), 1):
                key = root, layouts.stem(row.strip().split(" ")[0])
                if lists.get(key, "trainval") not in ("trainval", part):
                    problems.add(_LISTED_TWICE, name, f"line {line}")
                if key[1]:
                    lists[key] = part
    return {key: _LISTS[part] for key, part in lists.items()}


def _split(annotations, lists, problems):
    """Return the annotations with the splits that list them."""
    roots, listed = {root for root, _ in lists}, []
    for annotation in annotations:
        name = f"/{annotation.file}"
        root = max(
            (r for r in roots if name.startswith(f"{r}/")),
            key=len,
            default=None,
        )
        split = lists.get((root, layouts.stem(name)), records.NOWHERE)
        if split == records.NOWHERE:
            problems.add(_NOT_LISTED, annotation.file)
        listed.append(dataclasses.replace(annotation, split=split))
    return listed
