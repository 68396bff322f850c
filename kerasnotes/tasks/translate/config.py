"""The flags of translation."""

import dataclasses

from kerasnotes import catalog
from kerasnotes.training.run import config as config_lib

option, setting = config_lib.option, config_lib.setting

DATES = "dates"
"""The set that is written rather than read."""

CUTS = ("13a", "char", "intl", "none", "zh")
"""`metrics.translation.TOKENIZERS`, which are slow to import."""


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """What a translation can be told."""

    dataset: str = option(
        DATES,
        "dates, a file of source TAB target, two files of a text a line "
        "('a.en,a.fr'), a folder or zip of these, or a TFDS name.",
    )
    model: str = option(
        "attention", "The model.", choices=tuple(catalog.names("sequences"))
    )
    split: str | None = option(
        None, "Parts of the data: 'train=96%,dev=2%,test=2%'."
    )
    vocabulary: str = option(
        "auto",
        "characters, or subwords:SIZE; auto: characters for dates, "
        "subwords:8000 for texts.",
    )
    max_tokens: int = option(
        128,
        "Pairs with a longer text are left out.",
        bounds=(1, 10**5),
    )
    batch_size: int = option(
        64, "The most pairs a step, over all replicas.", bounds=(1, 2**31)
    )
    batch_tokens: int | None = option(
        None,
        "The most tokens a step, of sources and targets with their padding.",
        bounds=(1, 2**31),
    )
    epochs: int = setting(
        4, "Passes over the training set; may grow.", bounds=(1, 10**6)
    )
    learning_rate: float = option(
        2e-3, "The learning rate, α₀.", bounds=(1e-30, 1e30)
    )
    lr_schedule: str = option(
        "cosine", "name[:key=value,…]: how the learning rate decays."
    )
    width: int = option(
        128, "Numbers in a token's vector and in a state.", bounds=(1, 2**20)
    )
    layers: int | None = option(
        None,
        "Layers of the encoder, and of the decoder; 1, or the transformer's 3.",
        bounds=(1, 1000),
    )
    cell: str | None = option(
        None, "Of recurrent models; gru.", choices=("gru", "lstm")
    )
    heads: int | None = option(
        None, "Of each of the transformer's attentions; 4.", bounds=(1, 1000)
    )
    hidden: int | None = option(
        None,
        "Units of the transformer's hidden layers; 4 times the width.",
        bounds=(1, 2**20),
    )
    norm: str | None = option(
        None, "Where the transformer normalises; pre.", choices=("pre", "post")
    )
    dropout: float | None = option(
        None,
        "Share of units that training drops; 0, or the transformer's 0.1.",
        bounds=(0, 1),
    )
    share_embeddings: bool = option(
        False, "One vocabulary, and its vectors, for both languages."
    )
    label_smoothing: float = option(
        0.0, "Share of a label that is spread over all tokens.", bounds=(0, 1)
    )
    beam: int = setting(
        4, "Width B of the beam that answers.", bounds=(1, 1000)
    )
    alpha: float = setting(
        0.7,
        "α of the length normalisation: the score is log P / T^α.",
        bounds=(0, 10),
    )
    judge: str = setting(
        "auto",
        "What an answer is held to: exact, or bleu, with sacrebleu's way to "
        "cut words; auto: exact for dates, else bleu (bleu:13a).",
        choices=("auto", "exact", "bleu", *(f"bleu:{how}" for how in CUTS)),
    )
    answers: int = setting(
        2000,
        "Examples of each side that are answered by beam search to judge it.",
        bounds=(1, 10**7),
    )
