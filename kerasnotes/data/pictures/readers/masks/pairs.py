"""Which mask belongs to which picture, by folders and names."""

import collections
import dataclasses
import re

from kerasnotes.data.pictures.readers.boxes import layouts

_MASKS = (
    *("mask", "masks", "label", "labels", "annotation", "annotations"),
    *("segmentation", "segmentations", "segmentationclass", "gt"),
    *("groundtruth", "ground_truth", "trimap", "trimaps", "target", "targets"),
)
_IMAGES = (
    *("image", "images", "img", "imgs", "picture", "pictures", "photo"),
    *("photos", "jpegimages", "raw", "volume", "input", "inputs"),
)
# Of each thing a number of its own, where classes are wanted.
_INSTANCES = ("segmentationobject", "instances", "instance")
_END = re.compile(
    r"[_\-. ]({}|seg|l|leftimg8bit)$".format("|".join(_MASKS + _IMAGES))
)
_MASK_END = re.compile(r"[_\-. ]({}|seg|l)$".format("|".join(_MASKS)))
_PAGE = re.compile(r"#\d+$")


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pictures and their masks.

    Attributes:
        masks: dictionary of picture to its mask.
        without_mask: pictures without a mask.
        without_picture: masks without a picture.
        repeated: masks and pictures of which another was taken.
    """

    masks: dict
    without_mask: list
    without_picture: list
    repeated: list


def pairs(names, image_folder=None, mask_folder=None):
    """Return the `Pairs` of the pictures in a set.

    A mask lies in a folder that is called so (`masks`, `labels`,
    `annotations`, `SegmentationClass`, `train_masks` …), or its name ends so
    (`x_mask.png`). It belongs to the picture of its name, but for such
    endings, in the folder that is parallel to its own; where none is, to the
    only one of that name.

    Args:
        names: all files that are pictures or masks.
        image_folder: name of the folders that hold pictures, or None.
        mask_folder: name of the folders that hold masks, or None.

    >>> pairs(["a/x.jpg", "a/x_mask.png", "images/y.jpg", "masks/z.png"])
    ... # doctest: +NORMALIZE_WHITESPACE
    Pairs(masks={'a/x.jpg': 'a/x_mask.png'}, without_mask=['images/y.jpg'],
          without_picture=['masks/z.png'], repeated=[])
    """
    image_folders = _folders(image_folder, _IMAGES)
    mask_folders = _folders(mask_folder, _MASKS)
    pictures, masks = {}, {}
    repeated = []
    for name in names:
        place = _Place(name, image_folders, mask_folders)
        if place.skipped or (image_folder and not place.chosen(mask_folder)):
            continue
        is_mask = place.is_mask(mask_folder)
        known = masks if is_mask else pictures
        if place.key in known:
            repeated.append(name)
        else:
            known[place.key] = name
    return _matched(pictures, masks, repeated)


def _folders(folder, usual):
    return (folder.casefold(),) if folder else usual


def _matched(pictures, masks, repeated):
    matched = {p: masks[key] for key, p in pictures.items() if key in masks}
    left = {key: p for key, p in pictures.items() if key not in masks}
    rest = {key: m for key, m in masks.items() if key not in pictures}
    by_stem = [collections.defaultdict(list), collections.defaultdict(list)]
    for known, part in zip(by_stem, (left, rest), strict=True):
        for (_, stem), name in part.items():
            known[stem].append(name)
    for stem, names in by_stem[0].items():
        others = by_stem[1].get(stem, [])
        if len(names) == len(others) == 1:
            matched[names[0]] = others[0]
    used = {*matched, *matched.values()}
    return Pairs(
        dict(sorted(matched.items())),
        sorted(set(left.values()) - used),
        sorted(set(rest.values()) - used),
        sorted(repeated),
    )


class _Place:
    """What the folders and the name of a file say."""

    def __init__(self, name, image_folders, mask_folders):
        *folders, _ = name.split("/")
        self._kinds, rest = set(), []
        for folder in folders:
            begin, kind = _kind(folder.casefold(), image_folders, mask_folders)
            self._kinds.add(kind)
            rest += [begin] if begin else []
        stem = layouts.stem(name).casefold()
        page = "".join(_PAGE.findall(stem))
        stem = _PAGE.sub("", stem)
        self._by_name = bool(_MASK_END.search(stem))
        self.skipped = "instances" in self._kinds
        self.key = "/".join(rest), _bare(stem) + page

    def is_mask(self, mask_folder):
        """Return whether it is a mask."""
        if mask_folder:
            return "mask" in self._kinds
        return "mask" in self._kinds or (
            self._by_name and "image" not in self._kinds
        )

    def chosen(self, mask_folder):
        """Return whether it lies in a folder that was named."""
        return "image" in self._kinds or self.is_mask(mask_folder)


def _kind(folder, image_folders, mask_folders):
    """Return a folder's name without what says its kind, and the kind.

    >>> _kind("train_masks", _IMAGES, _MASKS), _kind("a", _IMAGES, _MASKS)
    (('train', 'mask'), ('a', None))
    """
    if folder in _INSTANCES:
        return "", "instances"
    for kind, names in (("mask", mask_folders), ("image", image_folders)):
        if folder in names:
            return "", kind
        for name in names:
            if re.search(rf"[_\- ]{re.escape(name)}$", folder):
                return folder[: -len(name) - 1], kind
    return folder, None


def _bare(stem):
    """Return a stem without what says that it is a picture or a mask.

    >>> _bare("0001_l"), _bare("train-volume"), _bare("mask")
    ('0001', 'train', 'mask')
    """
    return _END.sub("", stem)
