"""What is public is listed, on the page of the API too."""

import importlib
import inspect

import pytest

from docs import api_page

# Bases, tuples of results, what runs inside of a layer, and lists of names.
WITHOUT_EXAMPLE = {
    *("AttentionCell", "Bleu", "Curve", "Hypotheses", "Instances"),
    *("KernelBlock", "Matches", "Network"),
    *("SequenceToSequence", "WithSideHeads", "names"),
}
# Networks that differ from another by a number.
SIZES = "arguments are those of"


def test_the_page_is_that_of_the_docstrings():
    # Else: python -m docs.api_page
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.page()


@pytest.mark.parametrize("name", api_page.SUBPACKAGES)
def test_what_is_public_is_listed_and_has_an_example(name):
    package = importlib.import_module(f"kerasnotes.{name}")
    public = {
        name
        for name, value in vars(package).items()
        if not (name.startswith("_") or inspect.ismodule(value))
    }
    listed = set(package.__all__)
    assert listed == set(dir(package))
    modules = {n for n in listed if inspect.ismodule(getattr(package, n))}
    assert public == listed - modules
    for name in public - WITHOUT_EXAMPLE:
        value = getattr(package, name)
        text = inspect.getdoc(value) or ""
        if callable(value) and SIZES not in text:
            assert ">>> " in text, name
