"""Dates as people write them, from the CLDR data that Babel carries.

Source: Unicode Technical Standard #35, "Unicode Locale Data Markup Language",
part 4 (dates), and the locales' data of the CLDR.
"""

import re
import unicodedata

from kerasnotes import errors

LOCALES = (
    *("en_US", "en_GB", "fr", "de", "es", "it", "pt", "nl", "sv", "da"),
    *("nb", "fi", "pl", "cs", "hu", "ro", "tr", "ru", "uk", "el"),
    *("he", "ar_EG", "hi", "th", "ja", "zh", "ko", "vi", "id"),
)
# Digits beside 0 to 9, by their system's name: its zero.
_ZEROS = {"arab": 0x660, "deva": 0x966, "thai": 0xE50}
_ORDINALS = {
    "en": {"one": "st", "two": "nd", "few": "rd", "other": "th"},
    "fr": {"one": "er"},
}
_FIELDS = re.compile(r"'[^']*'|([A-Za-z])\1*")
_INVISIBLE = dict.fromkeys(map(ord, "\u200e\u200f")) | {
    ord("\u00a0"): " ",
    ord("\u202f"): " ",
}
_PUNCTUATION = dict.fromkeys(map(ord, ",.،"))
# Until 1940 the Thai year began in April, and 1940 had nine months.
_BUDDHIST, _BUDDHIST_ERA, _SINCE = 543, "พ.ศ.", 1941


class Writer:
    """Writes dates of 1900 to 2099 in the ways of a locale.

    Its forms are the CLDR's formats (full, long, medium and short) and the
    patterns of its skeletons that have year, month and day, with weekday or
    without. Years have four digits. The calendar is the Gregorian one, except
    in Thai, whose years are those of the Buddhist era unless the Gregorian
    era is written; these are left out before 1941, when they began in April.

    Args:
        locale: one of `LOCALES`, or another that the CLDR has.

    Attributes:
        forms: its patterns.

    Raises:
        UserError: Babel isn't installed.

    >>> import datetime, random
    >>> french = Writer("fr")
    >>> french.forms[:2]
    ['EEEE d MMMM y', 'd MMMM y']
    >>> french.plain(datetime.date(1979, 5, 3), "EEEE d MMMM y")
    'jeudi 3 mai 1979'
    """

    def __init__(self, locale):
        babel = errors.optional_import(
            "--dataset=dates",
            "babel",
            "translate",
            "give a dataset of your own",
        )
        self._locale = babel.Locale.parse(locale)
        self.forms = list(dict.fromkeys(self._patterns()))
        systems = (
            self._locale.default_numbering_system,
            self._locale.other_numbering_systems.get("native"),
        )
        zeros = [_ZEROS[system] for system in systems if system in _ZEROS]
        self._digits = {ord("0") + i: zeros[0] + i for i in range(10) if zeros}

    def _patterns(self):
        patterns = [
            self._locale.date_formats[name].pattern
            for name in ("full", "long", "medium", "short")
        ]
        patterns += [
            skeleton.pattern
            for _, skeleton in sorted(self._locale.datetime_skeletons.items())
            if set("".join(_fields(skeleton.pattern))) <= set("yMLdEc")
        ]
        for pattern in patterns:
            # Ordinals, which Babel fills up with noughts, and ’26 for 2026.
            if "ddd" in pattern or "’y" in pattern:
                continue
            letters = {field[0] for field in _fields(pattern)}
            if not {"y", "d"} <= letters or not {"M", "L"} & letters:
                continue
            yield re.sub(r"y+", "y", pattern)
            if self._locale.language == "th" and "G" in letters:
                yield re.sub(r"G+", f"'{_BUDDHIST_ERA}'", pattern)

    def plain(self, date, form):
        """Return a date in one of the forms, as the CLDR has it.

        Args:
            date: a `datetime.date`.
            form: the pattern.

        Returns:
            The text; None where the date could be taken for another, as one
            of numbers whose day may be the month, unless the year is first.
        """
        from babel import dates

        order = "".join(f for f in _fields(form) if f[0] in "yMLd")
        sure = date.day > 12 or date.day == date.month
        if not (_named(form) or sure or order.startswith("yM")):
            return None
        # Babel parses a pattern once and keeps it.
        text = dates.format_date(date, form, self._locale)
        if self._locale.language == "th" and "G" not in form:
            if date.year < _SINCE:
                return None
            text = text.replace(str(date.year), str(date.year + _BUDDHIST))
        return text

    def write(self, date, form, rng):
        """Write a date in one of the forms, as someone might.

        Zeros, ordinals, punctuation, invisible marks, accents, case and
        native digits vary.

        Args:
            date: a `datetime.date`.
            form: the pattern.
            rng: a `random.Random`.

        Returns:
            The text, in normal form C; None as for `plain`.
        """
        if rng.random() < 0.2:
            form = _FIELDS.sub(_padded, form)
        text = self.plain(date, form)
        if text is None:
            return None
        ordinals = _ORDINALS.get(self._locale.language, {})
        suffix = ordinals.get(self._locale.ordinal_form(date.day))
        if _named(form):
            if suffix and rng.random() < 0.3:
                day = date.day
                text = re.sub(rf"\b{day}\b", f"{day}{suffix}", text, count=1)
            if rng.random() < 0.2:
                text = text.translate(_PUNCTUATION)
        elif rng.random() < 0.3:
            mark = rng.choice("-/.")
            text = re.sub(r"(?<=\d)[-/.](?=\d)", mark, text)
        if rng.random() < 0.5:
            text = text.translate(_INVISIBLE)
        if rng.random() < 0.15:
            text = _without_accents(text)
        case = rng.choice((str, str, str, str.lower, self._upper, _capitals))
        text = case(text)
        if rng.random() < 0.5:
            text = text.translate(self._digits)
        return unicodedata.normalize("NFC", text)

    def _upper(self, text):
        if self._locale.language == "tr":
            text = text.replace("i", "İ")
        return text.upper()


def _fields(pattern):
    """Return the fields of a pattern, as `["d", "MMMM", "y"]`."""
    return [match[0] for match in _FIELDS.finditer(pattern) if match[1]]


def _named(pattern):
    return any(
        field[0] in "ML" and len(field) > 2 for field in _fields(pattern)
    )


def _padded(match):
    return match[0] * 2 if match[0] in ("d", "M") else match[0]


def _capitals(text):
    return re.sub(r"\b[^\W\d_]", lambda match: match[0].upper(), text)


def _without_accents(text):
    """Return a text without the accents of Latin and Greek letters."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        plain = unicodedata.normalize("NFD", letter)[0]
        kind = unicodedata.name(plain, "").partition(" ")[0]
        letters.append(plain if kind in ("LATIN", "GREEK") else letter)
    return "".join(letters)
