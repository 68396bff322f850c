"""Augmentation by name: what `--augment` takes."""

import dataclasses
import functools
import json
import pathlib

from kerasnotes import errors, specs
from kerasnotes.data.pictures.augmentation.policy import Policy

POLICIES = {
    "none": lambda: None,
    "light": functools.partial(Policy, shift=0.1, rotate=10.0, scale=0.1),
    "standard": functools.partial(
        Policy, mirror=True, rotate=10.0, shear=5.0, crop=0.5,
        brightness=0.2, contrast=0.2, canvas=1.25,
    ),
    "strong": functools.partial(
        Policy, mirror=True, rotate=15.0, shear=10.0, crop=0.25,
        brightness=0.3, contrast=0.3, saturation=0.3, hue=10.0, pca=0.1,
        cutout=0.25, mixup=0.2, cutmix=1.0, canvas=1.5,
    ),
}  # fmt: skip
"""Named policies. `light` mirrors nothing: mirrored digits are none."""


def build(text):
    """Return the policy that a flag names, or None for `none`.

    Args:
        text: `none`, `light`, `standard` or `strong`, the last three with
            arguments of `Policy` that differ, as `light:shift=0.2,rotate=5`;
            or the path of a JSON file, an object of such arguments.

    Raises:
        UserError: the name or an argument is unknown, or out of its range;
            the file can't be read.

    >>> build("none")
    >>> build("light:rotate=5").rotate
    5
    """
    path = pathlib.Path(text).expanduser()
    if is_file(text) and (path.suffix == ".json" or path.is_file()):
        return _read(text, path)
    return specs.call("--augment", text, POLICIES)


def is_file(text):
    """Return whether what `build` took was a file, not a policy's name.

    >>> is_file("policy.json"), is_file("strong:pca=0.2")
    (True, False)
    """
    return specs.parse("--augment", text)[0] not in POLICIES


def _read(text, path):
    """Return the policy of a JSON file."""
    flag = f"--augment={text}"
    try:
        settings = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise errors.UserError(
            f"{flag}: can't be read: {error.strerror}; give a policy's name "
            f"({', '.join(POLICIES)}) or a JSON file"
        ) from error
    except (ValueError, RecursionError) as error:
        raise errors.UserError(f"{flag}: no JSON: {error}") from error
    if not isinstance(settings, dict):
        raise errors.UserError(
            f'{flag}: holds no object; write {{"mirror": true, "rotate": 10}}'
        )
    names = [field.name for field in dataclasses.fields(Policy)]
    for key in settings:
        if key not in names:
            raise errors.unknown(flag, key, names)
    try:
        return Policy(**settings)
    except (OverflowError, ValueError) as error:
        raise errors.UserError(f"{flag}: {error}") from error
