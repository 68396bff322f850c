"""Labels that people have mended."""

import dataclasses

from kerasnotes import errors
from kerasnotes.data.common import by_id


def apply(path, sets):
    """Return sets of examples with the labels of a file of corrections.

    Args:
        path: a CSV file of `id` and `label`, see `by_id.read`.
        sets: `Examples` of one list of classes.

    Raises:
        UserError: `by_id.read` refuses the file, or a label is no class.
    """
    ids = by_id.ids_of("--corrections", sets)
    mended = by_id.read("--corrections", path, "label", ids)
    names = sets[0].class_names
    for key, label in mended.items():
        if label not in names:
            raise errors.unknown(
                f"--corrections: {path}: the label of {key!r}", label, names
            )
    try:
        return [_mend(examples, mended) for examples in sets]
    except errors.UserError as error:
        raise errors.UserError(f"--corrections: {path}: {error}") from error


def _mend(examples, mended):
    labels = examples.labels.copy()
    for place, key in enumerate(examples.ids):
        if key in mended:
            labels[place] = examples.class_names.index(mended[key])
    return dataclasses.replace(examples, labels=labels)
