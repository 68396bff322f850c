"""Synthetic training sets: foregrounds composed with backgrounds."""

import concurrent.futures
import io
import pathlib
import warnings

import numpy as np
import tensorflow as tf
from PIL import ExifTags, Image, ImageOps

from kerasnotes import errors
from kerasnotes.data.common import progress, split_choice
from kerasnotes.data.pictures import (
    examples,
    exif,
    find_files,
    inspect,
    load_files,
    synthesis,
)
from kerasnotes.data.pictures.readers import tfds as tfds_pictures

_FLAG = "--dataset=composed"
_BATCH = 512
# White ink has to stand out from a texture.
_BRIGHTEST = 0.6 * 255
_GREY = (0.299, 0.587, 0.114)


def read(
    foregrounds=None, backgrounds=None, count=5000, scale="0.5-0.9",
    rotate=15.0, seed=0, *, size=None, channels=None, mode="stretch",
    cache_dir=None, data_dir=None, cache="auto",
):  # fmt: skip
    """Composes labelled pictures, the same for the same arguments.

    Each foreground serves as often as any other, within one, at places of
    `synthesis.Over`. An id is the foreground's and a number: pictures that
    share a foreground are alike, and `split_choice.group_keys(ids, "(.*)/")`
    names the groups to keep on one side. See `unused` too.

    Args:
        foregrounds: a folder or zip of class folders of cut-outs, or
            `digits`: 60 % of scikit-learn's. Alpha is opacity; in a grey
            picture without, brightness is, of white ink; another is opaque.
            Transparent borders don't count.
        backgrounds: a folder or zip of pictures, or `gradient` or `noise`,
            textures of up to 60 % of white. Of one background for all, which
            a model learns by heart, a warning tells.
        count: how many pictures to compose.
        scale: the least and the largest size of a foreground, as a share of
            the largest that fits: `"0.5-0.9"`, or one number.
        rotate: largest turn either way, in degrees.
        seed: a whole number.
        size: the side wanted, or `(height, width)`; None is 32.
        channels: 1, 3, or None: 1 if all fore- and backgrounds are grey.
        mode: how backgrounds come to the size, see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        data_dir: TFDS's folder; its own default if None.
        cache: where composed pictures are kept, see `examples.allocate`.

    Returns:
        The `Examples`, `synthetic`, without official splits.

    Raises:
        UserError: an argument is missing or out of its range, or a folder
            holds no pictures.
    """
    _check(foregrounds, backgrounds, count, seed)
    composite = synthesis.Over(_range(scale), float(rotate))
    size = (size, size) if isinstance(size, int) else tuple(size or (32, 32))
    layers, classes, names, skipped = _foregrounds(
        str(foregrounds), min(size), cache_dir, data_dir
    )
    grounds, more_skipped = _backgrounds(
        str(backgrounds), size, channels, mode, cache_dir
    )
    rounds = -(-count // len(names))
    rng = np.random.default_rng(seed)
    order = [rng.permutation(len(names)) for _ in range(rounds)]
    order = np.concatenate(order)[:count]
    shape = (count, *size, channels or _channels(layers, grounds))
    images = examples.allocate(shape, cache_dir, cache)
    _compose(composite, layers, order, grounds, rng, images)
    class_names, labels = np.unique(classes, return_inverse=True)
    return examples.Examples(
        images,
        labels[order].astype(np.int64),
        [f"{names[i]}/{n // len(names):04d}" for n, i in enumerate(order)],
        class_names.tolist(),
        skipped=sorted([*skipped, *more_skipped]),
        synthetic=True,
    )


def unused(examples, composed):
    """Return the rows of pictures that share nothing with a composed set.

    A set that trains and one that judges are to share no digit, so that only
    these of the real ones may stand beside the composed set. Folders share
    no ids with it: all their rows are returned.

    Args:
        examples: `Examples`, real or composed.
        composed: those of a composed set.

    Returns:
        int64 indices.
    """
    used = {name.rpartition("/")[0] for name in composed.ids}
    ids = examples.ids
    if examples.synthetic:
        ids = [name.rpartition("/")[0] for name in ids]
    return np.flatnonzero([name not in used for name in ids])


def _check(foregrounds, backgrounds, count, seed):
    paths = {"foregrounds": foregrounds, "backgrounds": backgrounds}
    for key, value in paths.items():
        if value is None:
            raise errors.UserError(
                f"{_FLAG}: {key} is missing; write '{_FLAG}:foregrounds="
                "FOLDER,backgrounds=FOLDER'"
            )
    for key, value, least, most in (
        ("count", count, 1, 10**7),
        ("seed", seed, 0, 2**32 - 1),
    ):
        if type(value) is not int or not least <= value <= most:
            raise errors.UserError(
                f"{_FLAG}: {key} is a whole number from {least} to {most}. "
                f"Received: {value!r}"
            )


def _range(scale):
    least, _, most = str(scale).partition("-")
    return float(least), float(most or least)


def _foregrounds(path, side, cache_dir, data_dir):
    """Return uint8 `[n, h, w, 4]`, n classes and ids, and what is skipped."""
    if path == "digits":
        digits = tfds_pictures.read_digits(data_dir)
        # Another salt: each side of `digits` keeps some that aren't used.
        cut = split_choice.choose(digits.ids, digits.labels, salt=_FLAG)
        rows = cut["train"]
        alpha = digits.images[rows]
        ink = np.full((*alpha.shape[:3], 3), 255, np.uint8)
        classes = [digits.class_names[i] for i in digits.labels[rows]]
        names = [digits.ids[i] for i in rows]
        return np.concatenate([ink, alpha], -1), classes, names, []
    source = find_files.open_files(path)
    entries, skipped = find_files.pictures(source)
    outside = [name for name in entries if "/" not in name]
    skipped += [(name, "in no class folder") for name in outside]
    entries = [name for name in entries if "/" in name]

    def attempt(name):
        try:
            return _cutout(source.read(name), side), None
        except Exception as error:  # Whatever Pillow or the disk raises.
            return None, str(error).removeprefix("picture: ")

    layers = examples.allocate((len(entries), side, side, 4), cache_dir)
    objects = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = progress.progress(
            pool.map(attempt, entries), len(entries), "reading foregrounds"
        )
        for name, (layer, reason) in zip(entries, results, strict=True):
            if reason:
                skipped.append((name, reason))
            else:
                layers[len(objects)] = layer
                objects.append(name)
    _refuse_none("foregrounds", path, objects, skipped, " in class folders")
    classes = [name.split("/")[-2] for name in objects]
    folder = pathlib.Path(path).stem
    names = [f"{folder}/{name}" for name in objects]
    return layers[: len(objects)], classes, names, skipped


def _refuse_none(key, path, pictures, skipped, where=""):
    if not pictures:
        raise errors.UserError(
            f"{_FLAG}: {key}={path} holds no pictures{where}; of "
            f"{len(skipped)} other files, the first: {': '.join(skipped[0])}"
        )


def _cutout(data, side):
    """Return what isn't transparent as RGBA, in the middle of a square."""
    inspect.check(data)
    image = Image.open(io.BytesIO(data))
    image.load()
    if "exif" in image.info:
        # As all pictures are turned; Pillow looks into XMP too.
        value = int(exif.orientation(data))
        image.getexif()[ExifTags.Base.Orientation] = value
        image = ImageOps.exif_transpose(image)
    layer = image.convert("RGBA")
    if image.mode in ("1", "L") and not image.has_transparency_data:
        layer = Image.new("RGBA", image.size, "white")
        layer.putalpha(image.convert("L"))
    box = layer.getchannel("A").getbbox()
    if box is None:
        raise errors.UserError("picture: nothing in it is opaque")
    # Pillow's resize weighs colours by their opacity.
    layer = ImageOps.contain(layer.crop(box), (side, side))
    square = Image.new("RGBA", (side, side))
    square.paste(layer, [(side - n) // 2 for n in layer.size])
    return np.asarray(square)


def _backgrounds(path, size, channels, mode, cache_dir):
    """Return uint8 `[n, h, w, c]` or a texture, and what is skipped."""
    if path in synthesis.TEXTURES:
        return synthesis.TEXTURES[path], []
    source = find_files.open_files(path)
    names, skipped = find_files.pictures(source)
    grounds, readable, broken = load_files.decode_all(
        source, names, size, channels, mode, cache_dir
    )
    _refuse_none("backgrounds", path, readable, skipped + broken)
    if all(np.array_equal(ground, grounds[0]) for ground in grounds):
        warnings.warn(
            f"{_FLAG}: backgrounds={path}: one background serves all "
            "pictures, and a model learns it by heart: give many, as varied "
            "as those of the real pictures",
            stacklevel=2,
        )
    return grounds, skipped + broken


def _channels(layers, grounds):
    grey = callable(grounds) or grounds.shape[-1] == 1
    grey &= all((x[..., :1] == x[..., 1:3]).all() for x in layers)
    return 1 if grey else 3


def _compose(composite, layers, order, grounds, rng, images):
    """Fill `images` with the layers, in this order, on backgrounds."""
    numbers = rng.random((len(images), composite.width), np.float32)
    seed = rng.integers(2**31)
    starts = range(0, len(images), _BATCH)
    for start in progress.progress(starts, len(starts), "composing batches"):
        rows = slice(start, start + _BATCH)
        shape = images[rows].shape
        if callable(grounds):
            under = _BRIGHTEST * grounds(shape, [seed, start])
        else:
            drawn = rng.integers(len(grounds), size=shape[0])
            under = tf.broadcast_to(grounds[drawn].astype(np.float32), shape)
        part = tf.constant(layers[order[rows]], tf.float32)
        colours, alpha = part[..., :3], part[..., 3:] / 255
        if shape[-1] == 1:
            colours = tf.reduce_sum(colours * _GREY, -1, keepdims=True)
        mixed = composite(colours, alpha, under, numbers[rows])
        images[rows] = tf.cast(tf.round(mixed), tf.uint8)
