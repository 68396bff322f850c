"""The error of people, from which avoidable bias is measured."""

from kerasnotes import errors
from kerasnotes.diagnosis import intervals


def levels(flag, text):
    """Read one human-level error, or several by name.

    Args:
        flag: the flag's name, for the error message.
        text: `0.01`, `1%` or `typical=3%,doctor=1%`; a number too.

    Returns:
        A dictionary of name to `intervals.Measure`; one without a name is
        `human`.

    Raises:
        UserError: an error is no share, or a name is missing or there twice.

    >>> {k: v.error for k, v in levels("--human_error", "doctor=1%").items()}
    {'doctor': 0.01}
    """
    error_by_name = {}
    parts = str(text).split(",")
    for part in parts:
        name, equals, value = part.rpartition("=")
        name = name.strip() if equals or len(parts) > 1 else "human"
        if not name or name in error_by_name:
            raise errors.UserError(
                f"{flag}={text}: several levels have a name each; write "
                f"{flag}='typical=3%,expert=1%'"
            )
        error_by_name[name] = intervals.Measure(share(f"{flag}={text}", value))
    return error_by_name


def share(subject, text):
    """Read a share, as `0.01` or `1%`.

    Args:
        subject: what is read, for the error message.
        text: what the user wrote.

    Raises:
        UserError: it is no number from 0 to 1, or from 0 to 100 %.

    >>> share("dev", "7.5 %")
    0.075
    """
    number, percent, rest = text.strip().partition("%")
    try:
        # What the decimals mean, not a hundredth of their float.
        value = float(f"{number.strip()}e-2" if percent else number)
    except ValueError:
        value = -1.0
    if rest or not 0 <= value <= 1:
        raise errors.UserError(
            f"{subject}: an error is a share from 0 to 1, or in per cent, as "
            f"0.01 or 1%. Received: {text.strip()!r}"
        )
    return value


def least(known):
    """Return the name of the lowest level, the nearest to the Bayes error.

    Args:
        known: what `levels` returned.

    >>> least(levels("--human_error", "typical=3%,team=0.5%,doctor=1%"))
    'team'
    """
    return min(known, key=lambda name: known[name].error)


def note(known):
    """Return a sentence that names several levels, and which one counts."""
    texts = [f"{name} {level.text}" for name, level in known.items()]
    return (
        f"Human-level error: {', '.join(texts)}; the lowest, of "
        f"{least(known)}, stands for the least error there can be."
    )
