"""Translation sets of TensorFlow Datasets, and the dates."""

import functools

import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.texts import direction, pairs
from kerasnotes.data.texts.readers import dates

_BATCH = 256


def read_dates(data_dir=None):
    """Read `dates`, preparing it at the first use.

    Args:
        data_dir: TFDS's folder; its own default if None. Where it can't be
            written, a temporary one is used.

    Returns:
        The `Pairs`, with official splits; ids are `split/locale/000123`.

    Raises:
        UserError: Babel isn't installed.
    """
    return tfds_sets.read_own(dates.Dates, data_dir, read_builder)


def read(name, data_dir=None, source=None, target=None):
    """Read a set by its TFDS name, downloading it only if it is missing.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.
        source: the feature to start from; what the set says if None.
        target: the feature to end in.

    Returns:
        The `Pairs`; train, test and validation are official splits.

    Raises:
        UserError: no such set, or it holds no pairs of texts, or it is
            missing and can't be downloaded.
    """
    return tfds_sets.read(
        name,
        data_dir,
        functools.partial(_keys, source=source, target=target),
        functools.partial(read_builder, source=source, target=target),
        "dates",
        "a TFDS name of translations, or a file of pairs that exists",
    )


def read_builder(builder, source=None, target=None):
    """Read a prepared TFDS builder.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        source: the feature to start from; what the set says if None.
        target: the feature to end in.

    Returns:
        The `Pairs`; ids are `split/000123`, or `split/locale/000123` where
        the set tells the locale, in TFDS's order.

    Raises:
        UserError: it holds no pairs of texts, or none that isn't empty.
    """
    keys = _keys(builder, source, target)
    # Ours only say what they are for.
    languages = None if set(keys) == {"source", "target"} else keys
    if "locale" in builder.info.features:
        keys += ("locale",)
    collected = pairs.collect(
        {
            side: _rows(builder, side, split, keys)
            for side, split in tfds_sets.splits(builder).items()
        },
        languages,
    )
    if not collected.ids:
        raise errors.UserError(
            f"--dataset: {builder.name} holds no pair of texts; of "
            f"{len(collected.skipped)}, each has an empty side"
        )
    return collected


def _rows(builder, side, split, keys):
    """Yield ids and cells."""
    data = builder.as_dataset(split=split, shuffle_files=False)
    data = data.map(lambda example: [example[key] for key in keys])
    steps = -(-int(data.cardinality()) // _BATCH)
    number = 0
    for batch in progress.progress(
        data.batch(_BATCH).as_numpy_iterator(), steps, f"batches {side}"
    ):
        for cells in zip(*batch, strict=True):
            middle = "".join(f"{cell.decode()}/" for cell in cells[2:])
            yield f"{side}/{middle}{number:06d}", cells[:2]
            number += 1


def _keys(builder, source=None, target=None):
    """Return the names of the source and the target."""
    features = dict(builder.info.features)
    texts = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Text)
    ]
    chosen = tuple(builder.info.supervised_keys or ())
    supervised = len(chosen) == 2 and set(chosen) <= set(texts)
    if supervised and not (source or target):
        return chosen
    if supervised or len(texts) == len(features) == 2:
        names = [builder.builder_config.name] if builder.builder_config else []
        return direction.choose(builder.name, texts, source, target, names)
    raise errors.UserError(
        f"--dataset: {builder.name} does not hold pairs of a source and a "
        f"target text; its features are {', '.join(features)}."
    )
