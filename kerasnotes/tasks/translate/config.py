"""The flags of translation."""

import dataclasses
import functools
import typing

from kerasnotes import catalog, flag_paths
from kerasnotes.training.run import config as config_lib

option, setting = config_lib.option, config_lib.setting
redefault = config_lib.redefault

DATES = "dates"
"""The set that is written rather than read."""

CUTS = ("13a", "char", "intl", "none", "zh")
"""`metrics.translation.TOKENIZERS`, which are slow to import."""


@dataclasses.dataclass(frozen=True)
class Config(config_lib.FitConfig):
    """The flags of a translation."""

    memory_flags: typing.ClassVar[tuple] = (
        "width",
        "batch_tokens",
        "batch_size",
    )

    dataset: str = option(
        DATES,
        "Data set: dates, a file of source TAB target, two files with one "
        "text per line ('a.en,a.fr'), a folder or zip of these, or a TFDS "
        "name.",
        path=functools.partial(flag_paths.absolute, names=(DATES,)),
    )
    source: str | None = option(
        None,
        "Language to start from, of a folder of train.en and train.de or of "
        "a TFDS set; default what their names say.",
    )
    target: str | None = option(None, "Language to end in; see --source.")
    model: str = option(
        "attention",
        "Model architecture.",
        choices=tuple(catalog.names("sequences")),
    )
    split: str | None = option(None, "Splits, as 'train=96%,dev=2%,test=2%'.")
    vocabulary: str = option(
        "auto",
        "Tokens: characters, subwords:SIZE, or auto (characters for dates,"
        " subwords:8000 for texts).",
    )
    max_tokens: int = option(
        128,
        "Longest text in tokens; pairs with a longer one are skipped.",
        bounds=(1, 10**5),
    )
    batch_size: int = redefault(
        "batch_size",
        64,
        "Global batch size: most pairs per step, over all replicas; all: no "
        "bound.",
    )
    batch_tokens: int | None = option(
        None,
        "Most tokens per step, of sources and targets with their padding; "
        "default no bound.",
        bounds=(1, 2**31),
    )
    epochs: int = redefault("epochs", 4)
    learning_rate: float = redefault("learning_rate", 2e-3)
    lr_schedule: str = redefault("lr_schedule", "cosine")
    optimize: str = redefault("optimize", "accuracy")
    width: int = option(
        128, "Size of embeddings and of hidden states.", bounds=(1, 2**20)
    )
    layers: int | None = option(
        None,
        "Layers of the encoder and of the decoder; default 1, transformer 3.",
        bounds=(1, 1000),
    )
    cell: str | None = option(
        None, "Recurrent cell: gru (default) or lstm.", choices=("gru", "lstm")
    )
    heads: int | None = option(
        None, "Attention heads of the transformer; default 4.", bounds=(1, 1000)
    )
    hidden: int | None = option(
        None,
        "Units of the transformer's feed-forward layers; default 4 times "
        "--width.",
        bounds=(1, 2**20),
    )
    norm: str | None = option(
        None,
        "Layer normalization of the transformer: pre (default) or post.",
        choices=("pre", "post"),
    )
    dropout: float | None = option(
        None,
        "Dropout rate; default 0, transformer 0.1.",
        bounds=(0, 1),
    )
    share_embeddings: bool = option(
        False, "One vocabulary and one embedding matrix for both languages."
    )
    label_smoothing: float = option(
        0.0,
        "Label smoothing: the share of a label that is spread over all tokens.",
        bounds=(0, 1),
    )
    beam: int = setting(
        4,
        "Beam width B of the search.",
        bounds=(1, 1000),
        shown=True,
    )
    alpha: float = setting(
        0.7,
        "Length normalization α: the score of an answer is log P / T^α.",
        bounds=(0, 10),
        shown=True,
    )
    judge: str = setting(
        "auto",
        "Metric of an answer: exact, bleu or bleu:TOKENIZER (of "
        "sacrebleu), or auto (exact for dates, else bleu:13a).",
        choices=("auto", "exact", "bleu", *(f"bleu:{how}" for how in CUTS)),
        shown=True,
    )
    answers: int = setting(
        2000,
        "Examples per split to answer by beam search for the metrics.",
        bounds=(1, 10**7),
        shown=True,
    )
