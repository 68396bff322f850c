"""Dates as people write them."""

import collections
import datetime
import random
import re
import sys
import unicodedata

import pytest

from kerasnotes import errors
from kerasnotes.data.texts import load, pairs
from kerasnotes.data.texts.readers import date_texts, dates
from kerasnotes.data.texts.readers import tfds as tfds_pairs

MAY = datetime.date(1979, 5, 3)
BUDDHIST = 543


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return load.load("dates", str(tmp_path_factory.mktemp("tfds")))


def rows_of(found):
    """Yield side, locale, source and date."""
    for place, source, target in zip(
        found.ids, found.sources, found.targets, strict=True
    ):
        side, locale, _ = place.split("/")
        yield side, locale, source, datetime.date.fromisoformat(target)


# As grammars and newspapers of each language have them.
@pytest.mark.parametrize(
    ("locale", "form", "text"),
    [
        ("en_US", "EEEE, MMMM d, y", "Thursday, May 3, 1979"),
        ("fr", "EEEE d MMMM y", "jeudi 3 mai 1979"),
        ("es", "d 'de' MMMM 'de' y", "3 de mayo de 1979"),
        ("fi", "d. MMMM y", "3. toukokuuta 1979"),
        ("ru", "d MMMM y\u202f'г'.", "3 мая 1979\u202fг."),
        ("el", "EEEE d MMMM y", "Πέμπτη 3 Μαΐου 1979"),
        ("he", "d בMMMM y", "3 במאי 1979"),
        ("ja", "y年M月d日EEEE", "1979年5月3日木曜日"),
        ("ko", "y. M. d.", "1979. 5. 3."),
        ("vi", "d MMMM, y", "3 tháng 5, 1979"),
        ("th", "d MMMM 'พ.ศ.' y", "3 พฤษภาคม พ.ศ. 2522"),
        ("th", "d MMMM G y", "3 พฤษภาคม ค.ศ. 1979"),
        ("th", "d MMM y", "3 พ.ค. 2522"),
    ],
)
def test_known_dates(locale, form, text):
    writer = date_texts.Writer(locale)
    assert form in writer.forms
    assert writer.plain(MAY, form) == text


@pytest.mark.parametrize(
    ("locale", "form", "date", "text"),
    [
        ("en_US", "M/d/y", (1979, 5, 3), None),
        ("en_US", "M/d/y", (1979, 5, 13), "5/13/1979"),
        ("en_GB", "dd/MM/y", (1979, 5, 12), None),
        ("en_GB", "dd/MM/y", (1979, 5, 13), "13/05/1979"),
        ("de", "d.M.y", (1979, 5, 5), "5.5.1979"),
        ("sv", "y-MM-dd", (1979, 5, 3), "1979-05-03"),
        ("th", "d MMM y", (1940, 12, 31), None),
    ],
)
def test_ambiguous_orders_are_left_out(locale, form, date, text):
    writer = date_texts.Writer(locale)
    assert writer.plain(datetime.date(*date), form) == text


@pytest.mark.parametrize("locale", ["en_US", "en_GB", "fr", "uk"])
def test_ordinals_and_short_years_of_new_cldr_data_are_left_out(locale):
    # Babel writes "May 003, 1979" and "May 3, ’1979" by them.
    for form in date_texts.Writer(locale).forms:
        text = date_texts.Writer(locale).plain(MAY, form)
        assert not re.search(r"00|’", text or ""), form


def test_people_write_in_many_ways():
    written = {}
    for locale in ("en_US", "fr", "tr", "el", "hi", "ar_EG", "th", "ru"):
        writer, rng = date_texts.Writer(locale), random.Random(0)
        written[locale] = {
            writer.write(datetime.date(1981, 11, 1), form, rng)
            for _ in range(200)
            for form in writer.forms
        }
    for locale, text in (
        ("en_US", "November 1st, 1981"),
        ("en_US", "NOVEMBER 1 1981"),
        ("en_US", "nov 01, 1981"),
        ("fr", "1er novembre 1981"),
        ("tr", "1 Kasım 1981"),
        ("el", "1 Νοεμβριου 1981"),
        ("hi", "१ नवंबर १९८१"),
        ("ar_EG", "١ نوفمبر ١٩٨١"),
        ("th", "๑ พฤศจิกายน พ.ศ. ๒๕๒๔"),
        ("ru", "1 ноября 1981 г."),
        ("ru", "1 ноября 1981\u202fг."),
    ):
        assert text in written[locale]
    writer, rng = date_texts.Writer("tr"), random.Random(0)
    april = datetime.date(1981, 4, 2)
    upper = {writer.write(april, "d MMMM y", rng) for _ in range(99)}
    assert "2 NİSAN 1981" in upper and "2 NISAN 1981" not in upper


def plain(text):
    text = unicodedata.normalize("NFD", text)
    return pairs.key(re.sub("[\u0300-\u036f]", "", text))


def test_no_two_dates_have_one_text_in_any_language():
    seen = {}
    for locale in date_texts.LOCALES:
        writer = date_texts.Writer(locale)
        for form in writer.forms:
            for month in range(1, 13):
                date = datetime.date(2001, month, 20)
                text = plain(writer.plain(date, form))
                assert seen.setdefault(text, date) == date, (locale, text)


def test_a_text_stands_for_one_date_and_dates_stay_on_their_side(found):
    assert not found.skipped and not found.repeated
    meanings, sides = {}, collections.defaultdict(set)
    for side, _, source, date in rows_of(found):
        assert meanings.setdefault(source, date) == date
        sides[date].add(side)
    assert all(len(where) == 1 for where in sides.values())
    counts = {side: len(rows) for side, rows in found.official.items()}
    assert counts == {"train": 72000, "dev": 2000, "test": 2000}
    assert {d.year for d in sides} == set(range(1900, 2100))


def test_locales_and_forms_take_turns(found):
    for side in ("train", "dev", "test"):
        counts = collections.Counter(
            locale for where, locale, *_ in rows_of(found) if where == side
        )
        assert set(counts) == set(date_texts.LOCALES)
        if side == "train":
            often = counts.pop("th") / counts["fr"]
            assert abs(often - 4) < 0.01
        assert max(counts.values()) - min(counts.values()) <= 1
    assert len(counts) >= 20


def test_the_numbers_are_in_the_text(found):
    for _, locale, source, date in rows_of(found):
        # int reads the digits of every script.
        numbers = [int(n) for n in re.findall(r"\d+", source)]
        years = {date.year, date.year + BUDDHIST * (locale == "th")}
        assert date.day in numbers and years & set(numbers), source
        assert unicodedata.is_normalized("NFC", source)


def test_an_order_is_told_by_the_text_itself(found):
    told = 0
    for *_, source, date in rows_of(found):
        numbers = [int(n) for n in re.findall(r"\d+", source)]
        if re.search(r"[^\W\d]", source) or len(numbers) != 3:
            continue
        told += 1
        assert numbers[0] > 31 or date.day > 12 or date.day == date.month, (
            source
        )
    assert told > 1000


def test_the_same_set_each_time():
    first = []
    for _ in range(2):
        builder = dates.Dates(data_dir="unused")
        examples = builder._split_generators(None)["dev"]
        first.append([next(examples) for _ in range(200)])
    assert first[0] == first[1]


def test_without_babel(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(errors.UserError, match=r"kerasnotes\[translate\]"):
        tfds_pairs.read_dates(str(tmp_path))
