"""Translation sets of TensorFlow Datasets, and the dates."""

import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.texts import pairs
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


def read(name, data_dir=None):
    """Read a set by its TFDS name, downloading it only if it is missing.

    Args:
        name: `name[/config][:version]`.
        data_dir: TFDS's folder; its own default if None.

    Returns:
        The `Pairs`; train, test and validation are official splits.

    Raises:
        UserError: no such set, or it holds no pairs of texts, or it is
            missing and can't be downloaded.
    """
    return tfds_sets.read(
        name,
        data_dir,
        _keys,
        read_builder,
        "dates",
        "a TFDS name of translations, or a file of pairs that exists",
    )


def read_builder(builder):
    """Read a prepared TFDS builder.

    Args:
        builder: a `tfds.core.DatasetBuilder`.

    Returns:
        The `Pairs`; ids are `split/000123`, or `split/locale/000123` where
        the set tells the locale, in TFDS's order.

    Raises:
        UserError: it holds no pairs of texts, or none that isn't empty.
    """
    keys = _keys(builder)
    if "locale" in builder.info.features:
        keys += ("locale",)
    found = pairs.collect(
        {
            side: _rows(builder, side, split, keys)
            for side, split in tfds_sets.splits(builder).items()
        }
    )
    if not found.ids:
        raise errors.UserError(
            f"--dataset: {builder.name} holds no pair of texts; of "
            f"{len(found.skipped)}, each has an empty side"
        )
    return found


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


def _keys(builder):
    """Return the names of the source and the target."""
    features = dict(builder.info.features)
    texts = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Text)
    ]
    chosen = tuple(builder.info.supervised_keys or ())
    if len(chosen) == 2 and set(chosen) <= set(texts):
        return chosen
    if len(texts) == len(features) == 2:
        return tuple(texts)
    raise errors.UserError(
        f"--dataset: {builder.name} does not hold pairs of a source and a "
        f"target text; its features are {', '.join(features)}."
    )
