"""Dates as people write them and in ISO 8601, as a TFDS set."""

import datetime
import itertools
import random

import tensorflow_datasets as tfds

from kerasnotes import splits
from kerasnotes.data.texts.readers import date_texts

_FIRST, _DAYS = datetime.date(1900, 1, 1), 73049
_COUNTS = {"train": 72000, "dev": 2000, "test": 2000}
# Its years are counted from another era, the hardest thing there is to learn.
_OFTEN, _TURNS = "th", 4


class Dates(tfds.core.GeneratorBasedBuilder):
    """Dates of 1900 to 2099 in many locales, and what they are in ISO 8601.

    `date_texts.Writer` writes the sources: CLDR formats of
    `date_texts.LOCALES`. Orders that could be taken for another and years of
    two digits are left out, and a text stands for one date, once. In each
    split the locales take turns, and within a locale its forms do; in train
    Thai, with years of the Buddhist era, has four turns to the others' one.
    Each date belongs to one split, by a hash. Prepared with the same Babel,
    it is the same.
    """

    VERSION = tfds.core.Version("1.1.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "source": tfds.features.Text(),
                    "target": tfds.features.Text(),
                    "locale": tfds.features.Text(),
                }
            ),
            supervised_keys=("source", "target"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        days = [_FIRST + datetime.timedelta(n) for n in range(_DAYS)]
        sides = splits.assign(
            [day.isoformat() for day in days],
            shares={k: n / sum(_COUNTS.values()) for k, n in _COUNTS.items()},
        )
        writers = {name: date_texts.Writer(name) for name in date_texts.LOCALES}
        return {
            side: self._generate_examples(
                side, [days[i] for i in rows], writers
            )
            for side, rows in sides.items()
        }

    def _generate_examples(self, side, days, writers):
        rng, texts = random.Random(side), set()
        names = list(writers)
        if side == "train":
            names += [_OFTEN] * (_TURNS - 1)
        forms = {name: itertools.cycle(w.forms) for name, w in writers.items()}
        for key in range(_COUNTS[side]):
            name = names[key % len(names)]
            form = next(forms[name])
            text = None
            while text is None or text in texts:
                day = rng.choice(days)
                text = writers[name].write(day, form, rng)
            texts.add(text)
            yield (
                key,
                {
                    "source": text,
                    "target": day.isoformat(),
                    "locale": name,
                },
            )
