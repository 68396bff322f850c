"""Folders and zip archives of pictures with masks."""

import collections
import concurrent.futures
import functools

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures import (
    find_files,
    load_files,
    mask_examples,
    mask_sizes,
    read_files,
)
from kerasnotes.data.pictures.readers.boxes import layouts, records
from kerasnotes.data.pictures.readers.boxes import read as read_boxes
from kerasnotes.data.pictures.readers.masks import (
    class_lists,
    coco,
    encodings,
    pairs,
    tiff_files,
)

WITHOUT_MASK = "pictures without a mask, a question, skipped"
WITHOUT_PICTURE = "masks without a picture, skipped"
REPEATED = "pictures or masks of a name that another has, skipped"
SIZE = "masks of another size than their picture, skipped"
STORED = "masks of pictures as stored, which EXIF turns, skipped"
TURNED = "pictures that EXIF turns, their masks taken as of the picture shown"
BROKEN = "masks that can't be read, skipped"
UNKNOWN = "masks with values of no class, ignored there"
EMPTY = "masks of which no pixel counts, skipped"
_TEXTS = (".xml", ".json", ".txt", ".yaml", ".yml", ".csv", ".md")


def read(
    path,
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
    image_folder=None,
    mask_folder=None,
    threshold=None,
):
    """Read pictures with masks.

    Which mask is whose, `pairs.pairs` says, and what its values mean,
    `encodings.recognise`. Pages of TIFFs are pictures and masks each. Splits
    are those of folders called train, val and test. What is wrong is counted
    and named in `notes` and `skipped`.

    Args:
        path: a folder, a zip archive, or a folder of zip archives.
        size: the side wanted, or `(height, width)`; None is the pictures'
            own, which has to be one.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.
        image_folder: name of the folders that hold pictures, or None.
        mask_folder: name of the folders that hold masks, or None.
        threshold: see `encodings.recognise`.

    Returns:
        The `MaskExamples`; ids are the pictures' paths.

    Raises:
        UserError: there are no pictures, or no masks, or it isn't clear what
            these mean, or no picture can be used.
    """
    files = tiff_files.TiffFiles(layouts.open_files(path))
    names, skipped = find_files.pictures(files)
    problems = records.Problems()
    matched = pairs.pairs(names, image_folder, mask_folder)
    coco_files = [] if matched.masks else coco.files_of(files)
    if coco_files:
        drawn = coco.CocoMasks(files, coco_files, names, problems)
        partners = dict.fromkeys(drawn.sizes)
    else:
        _check_matched(path, names, matched, problems)
        drawn, partners = None, matched.masks
    sizes, broken = read_boxes.picture_sizes(files, list(partners))
    size = size or _one_size(path, sizes)
    size = (size, size) if isinstance(size, int) else tuple(size)
    if drawn:
        masks, encoding = _draw(drawn, sizes, size, mode, problems)
    else:
        partners = {name: partners[name] for name in sizes}
        raw = _read_masks(files, partners, sizes, size, mode, problems)
        _check_some(path, raw, problems, broken)
        raw = encodings.alike(raw, threshold)
        encoding = encodings.recognise(
            {partners[name]: mask for name, mask in raw.items()},
            class_lists.read(files),
            threshold,
            mask_folder or encodings.OBJECT,
        )
        masks = _numbers(raw, encoding, partners, problems)
    _check_some(path, masks, problems, broken)
    images, readable, more = read_files.read_all(
        files, list(masks), size, channels, mode, cache_dir, cache
    )
    skipped = [row for row in skipped if not row[0].lower().endswith(_TEXTS)]
    shown = [sizes[name].shown for name in readable]
    return mask_examples.MaskExamples(
        images,
        np.stack([masks[name] for name in readable]) if readable else [],
        readable,
        encoding.names,
        official(readable, drawn and drawn.splits),
        sorted([*skipped, *broken, *more, *problems.rows]),
        own_size=shown[0] if len(set(shown)) == 1 else None,
        sizes=shown,
        mode=mode,
        colours=encoding.colours,
        notes=_notes(path, files, masks, encoding, problems),
    )


def _check_matched(path, names, matched, problems):
    """Count what has no partner, and refuse a set without any pair."""
    if not names:
        raise errors.UserError(f"--dataset: {path} holds no pictures")
    for kind, without in (
        (WITHOUT_MASK, matched.without_mask),
        (WITHOUT_PICTURE, matched.without_picture),
        (REPEATED, matched.repeated),
    ):
        for name in without:
            problems.add(kind, name)
    if matched.masks:
        return
    folders = sorted({name.rpartition("/")[0] or "." for name in names})
    raise errors.UserError(
        f"--dataset: {path} holds {len(names)} pictures (in "
        f"{errors.enumeration(folders[:5])}), but no picture with a mask; put "
        "them into images/x.jpg and masks/x.png, or beside one another as "
        "x.jpg and x_mask.png, or name the folders: --image_folder, "
        "--mask_folder"
    )


def _check_some(path, masks, problems, broken):
    if not masks:
        lines = problems.lines() + [f"{n}: {why}" for n, why in broken[:1]]
        raise errors.UserError(
            f"--dataset: {path}: no picture can be used: {'; '.join(lines)}"
        )


def _draw(drawn, sizes, size, mode, problems):
    """Return a dictionary of picture to COCO's mask, and the `Encoding`."""
    masks = {}
    for name, picture_size in progress.progress(
        sizes.items(), len(sizes), "drawing masks"
    ):
        shape = drawn.sizes[name] or picture_size.shown
        if _fits(shape, name, picture_size, problems):
            mask = drawn.mask(name, shape)
            masks[name] = mask_sizes.resize(mask, size, mode)
    note = "COCO's shapes, the categories after the background"
    return masks, encodings.Encoding({}, drawn.class_names, None, note)


def _one_size(path, sizes):
    """Return the size of all pictures."""
    counts = collections.Counter(size.shown for size in sizes.values())
    if len(counts) > 1:
        (one, _), (other, _) = counts.most_common(2)
        examples = [
            next(name for name, size in sizes.items() if size.shown == shape)
            for shape in (one, other)
        ]
        raise errors.UserError(
            f"--dataset: {path}: pictures differ in size: {examples[0]} has "
            f"{one[1]}×{one[0]}, {examples[1]} {other[1]}×{other[0]} pixels; "
            "give the size that all are brought to: --image_size"
        )
    return next(iter(counts), 1)


def _read_masks(files, matched, sizes, size, mode, problems):
    """Return a dictionary of picture to its `RawMask` at the size wanted."""
    resize = functools.partial(
        mask_sizes.resize, size=size, mode=mode, outside=-1
    )

    def attempt(name):
        try:
            mask = encodings.decode(files.read(matched[name]), resize)
        except errors.UserError as error:
            return str(error)
        except Exception as error:  # Whatever zipfile or the disk raises.
            return f"can't be read: {error}"
        return mask

    raw = {}
    with concurrent.futures.ThreadPoolExecutor(load_files.THREADS) as pool:
        results = progress.progress(
            pool.map(attempt, matched), len(matched), "reading masks"
        )
        for name, mask in zip(matched, results, strict=True):
            if isinstance(mask, str):
                problems.add(BROKEN, matched[name], errors.printable(mask))
            elif _fits(mask.size, matched[name], sizes[name], problems):
                raw[name] = mask
    return raw


def _fits(shape, file, size, problems):
    """Return whether a mask is of its picture's size, or say why not."""
    if shape == size.shown:
        if size.orientation > 1:
            problems.add(TURNED, file)
        return True
    kind = STORED if shape == size.stored else SIZE
    said = "{1}×{0}, the picture {3}×{2}".format(*shape, *size.shown)
    problems.add(kind, file, said)
    return False


def _numbers(raw, encoding, matched, problems):
    """Return a dictionary of picture to the classes of its pixels."""
    masks = {}
    for name, mask in raw.items():
        masks[name], unknown = encodings.numbers(mask, encoding)
        if unknown:
            count = sum(mask.counts[value] for value in unknown)
            words = ", ".join(map(encodings.text(mask.kind), unknown[:3]))
            problems.add(UNKNOWN, matched[name], f"{words}: {count:,} pixels")
        if (masks[name] == mask_sizes.IGNORED).all():
            problems.add(EMPTY, matched[name])
            del masks[name]
    return masks


def official(names, splits=None):
    """Return a dictionary of split to rows; of train alone without splits.

    So `--split` cuts pictures and pages in the order of their names, in which
    neighbouring sections and frames stand.

    Args:
        names: the pictures' paths.
        splits: dictionary of picture to its split; None goes by folders, and
            so do splits of which one isn't known.

    >>> official(["train/a.png", "val/b.png"])
    {'train': array([0]), 'dev': array([1])}
    >>> official(["a.png", "b.png"])
    {'train': array([0, 1])}
    """
    rows = collections.defaultdict(list)
    splits = splits or {None: None}
    if None in splits.values():
        splits = {name: layouts.split_of_folders(name) for name in names}
    for row, name in enumerate(names):
        rows[splits[name]].append(row)
    if None in rows or "train" not in rows:
        return {"train": np.arange(len(names))}
    return {
        split: np.array(rows[split], np.int64)
        for split in ("train", "dev", "test")
        if split in rows
    }


def _notes(path, files, masks, encoding, problems):
    """Return what is to be told: what was read, then what is wrong."""
    facts = [f"{len(masks):,} masks", encoding.note]
    facts += [
        f"{name} is a stack of {count} pictures"
        for name, count in files.stacks.items()
    ]
    return [f"--dataset={path}: {'; '.join(facts)}", *problems.lines()]
