"""Names of sets, which a local folder may have too."""

import os

from kerasnotes import errors


def tell(name):
    """Say where else a built-in set's name leads.

    Args:
        name: the set's name, as `--dataset` gives it.

    >>> tell("no_such_folder")
    """
    if os.path.exists(name):
        print(
            f"--dataset={name}: the built-in set; what lies here under that "
            f"name is --dataset=.{os.sep}{name}"
        )


def refuse_path(name):
    """Refuses the path of a folder of pictures that isn't there.

    Args:
        name: what `--dataset` gives, no name of ours and no path that exists.

    Raises:
        UserError: it is more likely a path than the name of a TFDS set.

    >>> refuse_path("voc")
    """
    parts = name.split("/")
    if (
        len(parts) > 2
        or parts[0] in ("", ".", "..", "~")
        or name.endswith((".zip", os.sep))
    ):
        raise errors.UserError(
            f"--dataset: no such folder: {name!r}; check the path"
        )
