import pytest
from matplotlib import font_manager

from kerasnotes.plots import fonts


@pytest.fixture
def fonts_of_matplotlib_alone(monkeypatch):
    entries = [
        entry
        for entry in font_manager.fontManager.ttflist
        if "mpl-data" in entry.fname
    ]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    monkeypatch.setattr(fonts, "_reported", set())
    fonts.families.cache_clear()
    yield
    fonts.families.cache_clear()
