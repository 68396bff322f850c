"""Names of our own sets, which a local folder may have too."""

import os


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
