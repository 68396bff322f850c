"""Writes docs/api.md from the docstrings: `python -m docs.api_page`."""

import importlib
import inspect
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "api.md"
SUBPACKAGES = (
    *("layers", "models", "losses", "metrics", "optimizers", "ops"),
    *("decoding", "testing"),
)
_TITLE = """# Public names

What `import kerasnotes` offers by subpackage, with its arguments.
`help(kerasnotes.layers.IdentityBlock)` and its like print the whole docstring:
shapes, units, errors, an example and the source.
"""
# A section of a docstring, or its first example.
_SECTION = re.compile(r"\n\n(?:[A-Z][\w ]+:\n|>>> )")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def page():
    """Return the text of the page."""
    return "\n".join([_TITLE, *map(_subpackage, SUBPACKAGES)])


def _subpackage(name):
    module = importlib.import_module(f"kerasnotes.{name}")
    entries = [_entry(n, getattr(module, n)) for n in sorted(module.__all__)]
    summary = inspect.getdoc(module)
    return "\n".join([f"## kerasnotes.{name}\n", f"{summary}\n", *entries])


def _entry(name, value):
    if inspect.ismodule(value):
        return f"### {name}\n\n{inspect.getdoc(value)}\n"
    if not callable(value):
        return f"### {name}\n\n`{value!r}`\n"
    source = pathlib.Path(inspect.getsourcefile(inspect.unwrap(value)))
    link = pathlib.Path("..") / source.relative_to(ROOT)
    summary = _SECTION.split(inspect.getdoc(value))[0]
    return (
        f"### [{name}]({link.as_posix()})\n\n"
        f"```\n{_signature(name, value)}\n```\n\n{summary}\n"
    )


def _signature(name, value):
    """Return the call, a line where it fits and an argument a line if not."""
    signature = inspect.signature(value)
    line = _ADDRESS.sub("", f"{name}{signature}")
    if len(line) <= 80:
        return line
    lines = "".join(f"    {p},\n" for p in signature.parameters.values())
    return _ADDRESS.sub("", f"{name}(\n{lines})")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
