"""The report's part on what of a data set could not be used."""

from kerasnotes import errors
from kerasnotes.plots import page

_SHOWN = 100


def blocks(skipped, what="file"):
    """Return the blocks with what was skipped, if anything was.

    Args:
        skipped: pairs of a path or another place, and the reason.
        what: a word for one of them.
    """
    if not skipped:
        return []
    rows = [list(pair) for pair in skipped[:_SHOWN]]
    return [
        page.Heading(f"{errors.plural(what).capitalize()} left out"),
        page.Table(
            [what, "why"],
            rows,
            f"{len(skipped)} {errors.plural(what)}; the first {len(rows)}.",
        ),
    ]
