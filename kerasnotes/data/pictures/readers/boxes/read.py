"""Folders and zip archives of pictures with boxes, of any format."""

import collections
import concurrent.futures
import io

import numpy as np
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures import (
    box_examples,
    exif,
    find_files,
    inspect,
    load_files,
    read_files,
)
from kerasnotes.data.pictures.readers.boxes import (
    checks,
    coco,
    formats,
    labelme,
    layouts,
    records,
    shapes,
)

_NO_SPLIT = "pictures of no split, for which no named split is used"
_HEAD = 2**16
# What lies beside pictures and isn't one is no news.
_TEXTS = (".xml", ".json", ".txt", ".yaml", ".yml", ".csv", ".md", ".names")


def read(
    path,
    size=256,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
    masks=False,
):
    """Read pictures with boxes.

    The format is recognised by what the folder holds; `formats` has them,
    and each its rules. Splits are those that the format names, else those of
    folders called train, val and test; none where not every picture has one.
    What is wrong is put right, clipped or skipped, see `checks.check`, and
    told in `notes` and `skipped`.

    Args:
        path: a folder, a zip archive, or a folder of zip archives.
        size: the side wanted, or `(height, width)`.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.
        masks: whether objects have masks, of their outlines or run lengths.

    Returns:
        The `BoxExamples`; ids are the paths.

    Raises:
        UserError: there are no pictures, or no boxes of one format, or no
            picture can be used.
    """
    files = layouts.open_files(path)
    pictures, skipped = find_files.pictures(files)
    if not pictures:
        raise errors.UserError(f"--dataset: {path} holds no pictures")
    problems = records.Problems()
    annotated, names = formats.read(path, files, pictures, problems)
    chosen = _chosen(path, annotated, pictures, problems)
    sizes, broken = picture_sizes(files, list(chosen))
    checked = {}
    for name, picture_size in sizes.items():
        boxes = checks.check(
            chosen[name], picture_size, problems, annotated.point_names
        )
        if boxes is not None:
            checked[name] = boxes
    if not checked:
        lines = problems.lines() + [f"{n}: {why}" for n, why in broken[:1]]
        raise errors.UserError(
            f"--dataset: {path}: no picture can be used: {'; '.join(lines)}"
        )
    images, readable, more = read_files.read_all(
        files, list(checked), size, channels, mode, cache_dir, cache
    )
    if masks:
        masks = [
            shapes.packed(
                *(checked[name], sizes[name], size, mode),
                *(problems, chosen[name]),
            )
            for name in readable
        ]
        if not any(part.any() for part in masks):
            raise errors.UserError(
                f"--dataset: {path}: no object has an outline or run lengths, "
                "and masks are to be learned; take another --detector"
            )
    class_names = annotated.class_names or sorted(
        {label for boxes in checked.values() for label in boxes.labels}
    )
    values = box_examples.assemble(
        images,
        [checked[name] for name in readable],
        [sizes[name].shown for name in readable],
        size,
        mode,
        class_names,
        annotated.point_names,
        masks or None,
    )
    skipped = [row for row in skipped if not row[0].lower().endswith(_TEXTS)]
    return box_examples.BoxExamples(
        images,
        values.pop("labels"),
        readable,
        class_names,
        _official(chosen, readable, problems),
        sorted([*skipped, *broken, *more, *problems.rows]),
        own_size=_one({sizes[name].shown for name in readable}),
        point_names=annotated.point_names,
        notes=_notes(path, annotated, names, problems),
        category_ids=annotated.category_ids,
        **values,
    )


def has_shapes(path):
    """Return whether the format of files may have outlines of objects.

    Args:
        path: as in `read`.
    """
    files = layouts.open_files(path)
    return any(module.files_of(files, None) for module in (coco, labelme))


def _one(values):
    return values.pop() if len(values) == 1 else None


def _chosen(path, annotated, pictures, problems):
    """Return a dictionary of picture to its one annotation."""
    chosen, known = {}, set()
    for annotation in annotated.annotations:
        picture = annotation.picture
        known.add(picture)
        if picture is None:
            problems.add(records.MISSING, annotation.file, annotation.place)
        elif annotation.split == records.NOWHERE:
            continue
        elif picture in chosen:
            problems.add(records.REPEATED, annotation.file, annotation.place)
        else:
            chosen[picture] = annotation
    if not chosen:
        reason = problems.lines()[0] if problems.rows else "it is empty"
        raise errors.UserError(
            f"--dataset: {path}: no picture is annotated: {reason}"
        )
    for picture in pictures:
        if picture not in known:
            problems.add(records.UNANNOTATED, picture)
    return chosen


def picture_sizes(files, names):
    """Return a dictionary of name to `PictureSize`, and what is broken.

    Args:
        files: a `file_sets.Files`.
        names: the pictures.
    """
    sizes, broken = {}, []

    def attempt(name):
        try:
            return picture_size(files, name)
        except Exception as error:  # Whatever Pillow or the disk raises.
            return errors.printable(str(error).removeprefix("picture: "))

    with concurrent.futures.ThreadPoolExecutor(load_files.THREADS) as pool:
        results = progress.progress(
            pool.map(attempt, names), len(names), "reading sizes"
        )
        for name, result in zip(names, results, strict=True):
            if isinstance(result, str):
                broken.append((name, result))
            else:
                sizes[name] = result
    return sizes, broken


def picture_size(files, name):
    """Return the `checks.PictureSize` of a picture, by its header.

    Args:
        files: a `file_sets.Files`.
        name: the picture.

    Raises:
        UserError: it is broken.
    """
    if files.size(name) > inspect.MAX_BYTES:
        raise errors.UserError("picture: over 320 MB")
    data = files.read(name, _HEAD)
    if inspect.is_plain_jpeg(data):
        orientation = 1
    else:
        data = files.read(name)
        inspect.check(data)
        encoded = tf.constant(np.array(data, object))
        orientation = int(exif.orientation(encoded))
    with Image.open(io.BytesIO(data)) as picture:
        stored = picture.height, picture.width
    return checks.PictureSize(stored, orientation)


def _official(chosen, names, problems):
    """Return a dictionary of split to rows, or None."""
    splits = [chosen[name].split for name in names]
    if None in splits:
        for name, split in zip(names, splits, strict=True):
            if split is None and any(splits):
                problems.add(_NO_SPLIT, name)
        splits = list(map(layouts.split_of_folders, names))
    rows = collections.defaultdict(list)
    for row, split in enumerate(splits):
        rows[split].append(row)
    if None in rows or "train" not in rows or len(rows) == 1:
        return None
    return {
        split: np.array(rows[split], np.int64)
        for split in ("train", "dev", "test")
        if split in rows
    }


def _notes(path, annotated, names, problems):
    """Return what is to be told: the format, then what is wrong."""
    count = "one file" if len(names) == 1 else f"{len(names):,} files"
    facts = "; ".join([f"{annotated.format}, {count}", *annotated.notes])
    return [f"--dataset={path}: {facts}", *problems.lines()]
