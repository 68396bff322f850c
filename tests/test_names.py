"""Names are nouns of the field, never participles that could be anything."""

import ast

import pytest

from tests.support.paths import ROOT

BANNED = {"found", "told", "given", "own", "seen", "made", "kept", "whole"}
SOURCES = [
    path
    for top in ("kerasnotes", "trainers")
    for path in sorted((ROOT / top).rglob("*.py"))
]


def names(tree):
    """Yield each name that a module gives, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(
            node.ctx, ast.Store
        ):
            yield node.attr, node.lineno


def banned(text):
    """Return the banned names of a module's text, with their lines."""
    return [n for n in names(ast.parse(text)) if n[0].strip("_") in BANNED]


def test_banned_names_are_caught():
    text = "class A:\n  def _told(self, own):\n    self.kept = found = own\n"
    assert {name for name, _ in banned(text)} == {
        *("_told", "own", "kept", "found"),
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_names_are_nouns(path):
    assert not banned(path.read_text()), path
