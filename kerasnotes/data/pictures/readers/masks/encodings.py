"""What the values of masks mean: palettes, grey levels, colours."""

import collections
import dataclasses
import io
import warnings

import numpy as np
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import mask_examples, mask_sizes

PALETTE, GREY, COLOUR = "palette", "grey", "colour"
_WORDS = {
    PALETTE: "with a palette",
    GREY: "of grey levels",
    COLOUR: "in colour",
}
_IDS = 64
"""The class ids from which on grey values are levels, not ids."""
_LEVELS = 32
"""The levels or colours from which on a mask is blurred, not drawn."""
_BLUR = 0.05
_NAMED = 12
BACKGROUND, OBJECT = "background", "object"


@dataclasses.dataclass(frozen=True)
class RawMask:
    """A mask as its file has it.

    Attributes:
        values: integers `[height, width]`: indices of the palette, grey
            levels, or colours as `red · 65536 + green · 256 + blue`; at the
            size wanted, -1 beyond the border.
        size: height and width in the file.
        kind: palette, grey or colour.
        counts: the `collections.Counter` of the values in the file, before
            it was resized.
        palette: dictionary of index to colour; empty without one.
        lossy: whether its format blurs edges, as JPEG does.
        one_bit: whether its file has black and white alone, 0 and 1.
    """

    values: np.ndarray
    size: tuple
    kind: str
    counts: collections.Counter
    palette: dict
    lossy: bool = False
    one_bit: bool = False


@dataclasses.dataclass(frozen=True)
class Encoding:
    """What the values of all masks mean.

    Attributes:
        numbers: dictionary of value to the number of its class, or to
            `mask_sizes.IGNORED`.
        names: the classes' names.
        colours: their colours, or None.
        note: a line that says how the values were read.
    """

    numbers: dict
    names: list
    colours: list | None
    note: str


def decode(data, resize=None):
    """Return the `RawMask` of a file.

    Args:
        data: its bytes.
        resize: a function of the values that returns them at another size,
            by nearest neighbours.

    Raises:
        UserError: it is broken, or has channels or numbers that no mask has.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
            image.load()
    except Exception as error:  # Pillow's plugins raise whatever they meet.
        raise errors.UserError(f"broken: {error}") from error
    lossy = image.format in ("JPEG", "MPO")
    kind, values, palette = _values(image)
    unique, counts = np.unique(values, return_counts=True)
    counter = collections.Counter(
        dict(zip(unique.tolist(), counts.tolist(), strict=True))
    )
    size = values.shape
    # Signed, for what is beyond the border.
    values = values.astype(np.int32 if kind == COLOUR else np.int16)
    values = resize(values) if resize else values
    one_bit = image.mode == "1"
    return RawMask(values, size, kind, counter, palette, lossy, one_bit)


def _values(image):
    if image.mode == "P":
        flat = image.getpalette("RGB") or []
        palette = {i: tuple(flat[3 * i : 3 * i + 3]) for i in range(256)}
        return PALETTE, np.asarray(image), palette
    if image.mode == "1":
        return GREY, np.asarray(image).astype(np.uint8), {}
    if image.mode in ("I;16", "I;16B", "I", "L"):
        values = np.asarray(image)
        if values.size and (values.max() > 255 or values.min() < 0):
            raise errors.UserError(
                f"values up to {values.max()}; classes have numbers up to 254"
            )
        return GREY, values.astype(np.uint8), {}
    if image.mode not in ("LA", "RGB", "RGBA", "CMYK", "YCbCr"):
        raise errors.UserError(
            f"a mask of mode {image.mode}; save it as a PNG of 8 bits"
        )
    colours = np.asarray(image.convert("RGB")).astype(np.uint32)
    red, green, blue = np.moveaxis(colours, -1, 0)
    if (red == green).all() and (green == blue).all():
        return GREY, red.astype(np.uint8), {}
    return COLOUR, red << 16 | green << 8 | blue, {}


def alike(masks, threshold=None):
    """Return masks, of which those of one bit have the others' white.

    White is 1, as in masks of 0 and 1. It is 255 where a threshold parts
    levels, or where the others have 255, and no 1.

    Args:
        masks: dictionary of file to `RawMask`.
        threshold: see `recognise`.
    """
    others = set().union(
        *(m.counts for m in masks.values() if not m.one_bit and m.kind == GREY)
    )
    if threshold is None and (255 not in others or 1 in others):
        return masks
    return {
        file: _in_levels(mask) if mask.one_bit else mask
        for file, mask in masks.items()
    }


def _in_levels(mask):
    """Return a mask of one bit as one of the levels 0 and 255."""
    # What is beyond the border stays.
    values = np.where(mask.values == 1, 255, mask.values)
    counts = collections.Counter({255 * v: n for v, n in mask.counts.items()})
    return dataclasses.replace(
        mask, values=values.astype(mask.values.dtype), counts=counts
    )


def recognise(masks, classes=None, threshold=None, name=OBJECT):
    """Return the `Encoding` of masks.

    Args:
        masks: dictionary of file to `RawMask`.
        classes: the `class_lists.ClassList`, or None.
        threshold: the grey level from which on a pixel is the object; None
            where levels are classes.
        name: of the object, where masks say no more than where it is.

    Raises:
        UserError: they are of two kinds; their edges are blurred; there is
            one class, or more than a mask has room for.
    """
    kinds = {}
    for file, mask in masks.items():
        kinds.setdefault(mask.kind, file)
    if threshold is not None:
        return _by_threshold(masks, threshold, name)
    if len(kinds) > 1:
        words = ", ".join(f"{_WORDS[k]} as {f}" for k, f in kinds.items())
        raise errors.UserError(
            f"--dataset: masks are of several kinds: {words}; save all alike"
        )
    ((kind, _),) = kinds.items()
    counts = sum((m.counts for m in masks.values()), collections.Counter())
    _refuse_blurred(masks, counts, kind, classes)
    if kind == COLOUR:
        return _of_colours(counts, classes)
    palette = next(iter(masks.values())).palette
    return _of_numbers(counts, kind, palette, classes, name)


def _by_threshold(masks, threshold, name):
    for file, mask in masks.items():
        if mask.kind != GREY:
            raise errors.UserError(
                f"--mask_threshold={threshold}: {file} is a mask "
                f"{_WORDS[mask.kind]}, whose values are classes"
            )
    numbers = {value: int(value >= threshold) for value in range(256)}
    note = f"grey levels from {threshold} on are {name}"
    highest = {f: max(m.counts, default=0) for f, m in masks.items()}
    below = [file for file, level in highest.items() if 0 < level < threshold]
    if below:
        note += (
            f"; {len(below)} of the masks have other levels and none of these: "
            f"{below[0]} has {highest[below[0]]} at most"
        )
    return Encoding(numbers, [BACKGROUND, name], None, note)


def _refuse_blurred(masks, counts, kind, classes):
    """Refuse masks whose edges have values between those of classes."""
    if kind == PALETTE or (classes and classes.colours):
        return
    most = max(masks, key=lambda file: len(masks[file].counts))
    blurred = len(counts) > _LEVELS and kind == COLOUR
    if kind == GREY:
        between = [v for v in counts if v not in (0, 255)]
        share = sum(counts[v] for v in between) / max(counts.total(), 1)
        ends = counts[0] and counts[255]
        blurred = between and ends and len(between) > 1 and share < _BLUR
        ids = max(between, default=0) < _IDS
        blurred = (blurred and not ids) or len(counts) > _IDS
    lossy = next((f for f, m in masks.items() if m.lossy), None)
    if not blurred and lossy is None:
        return
    file = lossy or most
    why = "JPEG" if lossy else "blurred at its edges"
    way = "--mask_threshold=128 takes what is brighter for the object"
    if kind == COLOUR:
        way = "name the classes' colours in a classes.txt"
    raise errors.UserError(
        f"--dataset: the mask {file} has {len(masks[file].counts)} values, "
        f"{why}: which are classes? Save masks as PNG, without smoothing; or "
        f"{way}"
    )


def _of_colours(counts, classes):
    if classes and classes.colours:
        numbers = {
            red << 16 | green << 8 | blue: number
            for (red, green, blue), number in classes.colours.items()
        }
        colours = sorted(classes.colours, key=classes.colours.get)
        note = f"the colours of {classes.file} are the classes"
        return Encoding(numbers, classes.names, colours, note)
    values = sorted(counts)
    colours = [(v >> 16, v >> 8 & 255, v & 255) for v in values]
    names = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours]
    if classes:
        _check_count(values, classes, "colours")
        names = classes.names
    numbers = {value: i for i, value in enumerate(values)}
    words = ", ".join(names[:_NAMED])
    note = f"{len(values)} colours are the classes: {words}"
    return Encoding(numbers, names, colours, note)


def _check_count(values, classes, word):
    if len(classes.names) != len(values):
        raise errors.UserError(
            f"--dataset: {classes.file} names {len(classes.names)} classes, "
            f"but masks have {len(values)} {word}; name the colour of each"
        )


def _of_numbers(counts, kind, palette, classes, name):
    """Return the encoding of indices, ids or grey levels."""
    values = sorted(counts)
    word = "indices of a palette" if kind == PALETTE else "grey levels"
    if kind == GREY and values in ([0, 255], [255]) and not classes:
        numbers = {0: 0, 255: 1}
        note = f"grey levels 0 and 255 are {BACKGROUND} and {name}"
        return Encoding(numbers, [BACKGROUND, name], None, note)
    ids = [v for v in values if v != mask_sizes.IGNORED]
    if kind == GREY and classes and values == [0, 255]:
        _check_count(values, classes, "grey levels")
        return Encoding(
            {0: 0, 255: 1}, classes.names, None,
            f"grey levels 0 and 255 are {' and '.join(classes.names)}",
        )  # fmt: skip
    ignored = {mask_sizes.IGNORED: mask_sizes.IGNORED}
    void = "; 255 is no class, and ignored" if 255 in counts else ""
    if kind == GREY and max(ids, default=0) >= _IDS:
        # Levels far apart, of which the brightest is one too.
        ids, ignored, void = values, {}, ""
    if classes:
        return _named(ids, ignored, void, word, palette, classes)
    numbers = {value: i for i, value in enumerate(ids)}
    names = [str(value) for value in ids]
    if len(ids) == 2 and ids[0] == 0:
        names = [BACKGROUND, name if ids[1] == 1 else names[1]]
    if len(ids) > mask_examples.MOST_CLASSES:
        raise errors.UserError(
            f"--dataset: masks have {len(ids)} values; classes are at most "
            f"{mask_examples.MOST_CLASSES}"
        )
    words = ", ".join(map(str, ids[:_NAMED]))
    note = f"{word} are the classes: {words}{void}"
    return Encoding(numbers | ignored, names, _colours(ids, palette), note)


def _named(ids, ignored, void, word, palette, classes):
    """Return the encoding of ids whose names stand in a file."""
    names, first = classes.names, 0
    if ids and min(ids) == 1 and max(ids) == len(names):
        first = 1
        void += "; they count from 1"
    if len(ids) == len(names) and max(ids, default=0) >= len(names) + first:
        # Levels, in their order.
        numbers = {value: i for i, value in enumerate(ids)}
    else:
        numbers = {i + first: i for i in range(len(names))}
    by_colour = {
        i: classes.colours[colour]
        for i, colour in palette.items()
        if i in ids and colour in classes.colours
    }
    if by_colour and len(by_colour) == len(ids):
        numbers = by_colour
        void += "; their colours in the palette name them"
    colours = sorted(classes.colours, key=classes.colours.get)
    if not colours:
        colours = _colours(sorted(numbers, key=numbers.get), palette)
    note = f"{word} are the classes of {classes.file}{void}"
    return Encoding(numbers | ignored, names, colours, note)


def _colours(ids, palette):
    return [palette[i] for i in ids] if palette else None


def numbers(mask, encoding):
    """Return the class of each pixel of a mask, and what was unknown.

    Args:
        mask: the `RawMask`.
        encoding: the `Encoding`.

    Returns:
        uint8 `[height, width]`, 255 where a value is unknown; and the
        unknown values, sorted.
    """
    values, places = np.unique(mask.values, return_inverse=True)
    table = [encoding.numbers.get(int(v), mask_sizes.IGNORED) for v in values]
    unknown = sorted(set(mask.counts) - set(encoding.numbers))
    table = np.array(table, np.uint8)
    return table[places].reshape(mask.values.shape), unknown


def text(kind):
    """Return the function that writes a value of a kind for people.

    >>> text(COLOUR)(255), text(GREY)(7)
    ('#0000ff', '7')
    """
    return (lambda v: f"#{v:06x}") if kind == COLOUR else str
