"""What a translation's report shows: samples, blame, beams, attention."""

import dataclasses

import numpy as np

from kerasnotes import ops, splits
from kerasnotes.data.common import tag_sheet
from kerasnotes.data.texts.vocabulary import base
from kerasnotes.diagnosis import blame as blame_lib
from kerasnotes.diagnosis import intervals
from kerasnotes.plots import attention as attention_lib
from kerasnotes.plots import figures, markup, page

_SAMPLES, _EXAMPLES, _PICTURES, _LONGEST = 10, 5, 4, 300
_MARKS = {ops.START: "⟨start⟩", ops.END: "⟨end⟩"}
# Ids of the bytes that are no characters.
_BROKEN = range(base.MARKS + 128, base.FIRST)
_FAULTS = {
    blame_lib.BEAM: ("beam search", "a wider beam"),
    blame_lib.MODEL: ("model", "more training or data, another network"),
}


@dataclasses.dataclass(frozen=True)
class Attended:
    """Where a model looked in one example.

    Attributes:
        id: the example's.
        caption: what the picture is of.
        weights: `[heads, T, S]` or `[T, S]`; rows and columns of padding at
            their ends are left out.
        source: a text for each token of the source; see `token_texts`.
        target: a text for each token of the output.
    """

    id: str
    caption: str
    weights: np.ndarray
    source: list
    target: list

    def figure(self):
        """Draws it."""
        weights = self.weights[..., : len(self.target), : len(self.source)]
        return attention_lib.attention(weights, self.source, self.target)


def review(answers, outcome, blame, folder, widths=(), attended=()):
    """Write mistakes.csv and figures/attention-1.png, -2.png, ….

    Args:
        answers: the `answers.Answers` to dev.
        outcome: its `Outcome`.
        blame: its `diagnosis.blame.Blame`.
        folder: the run's folder.
        widths: pairs of a beam's width and the `Answers` that it gives.
        attended: an `Attended` for each picture.

    Returns:
        Blocks for the report: samples, blame, widths, attention.
    """
    _write(folder / "mistakes.csv", outcome, blame)
    return [
        *samples(answers),
        *blamed(answers, blame),
        *beams(widths),
        *attention(attended, folder),
    ]


def _write(path, outcome, blame):
    fields = {
        "at fault": blame.faults,
        "score of reference": blame.reference_scores.round(4),
        "score of output": blame.output_scores.round(4),
    }

    def row(i):
        return outcome.rows[i] | {k: v[i].item() for k, v in fields.items()}

    rows = [row(i) for i in outcome.sample()]
    tag_sheet.write(path, rows, columns=[*outcome.rows[0], *fields])


def samples(answers):
    """Return the blocks with ten examples, drawn by their ids alone."""
    chosen = splits.nested(answers.ids)[:_SAMPLES]
    rows = [
        [*_texts(answers, i), "right" if answers.right[i] else "differs"]
        for i in chosen
    ]
    return [
        page.Heading("Some outputs"),
        page.Table(
            ["source", "reference", "output", "verdict"],
            rows,
            f"{len(rows)} of {len(answers.ids)} dev examples, drawn by their "
            "ids, whatever the output is worth.",
        ),
    ]


def blamed(answers, blame):
    """Return the blocks that say what is at fault, with examples.

    Args:
        answers: the `Answers`.
        blame: their `Blame`.
    """
    heading = page.Heading("Is beam search at fault, or the model?")
    count = len(answers.ids)
    if not blame.wrong:
        return [heading, page.Text(f"None of {count} dev outputs is wrong.")]
    score = f"log P / T^{blame.alpha:g}, T its tokens with the end mark"
    shares = [
        [name, len(blame.places(fault)), blame.share(fault).text, helps]
        for fault, (name, helps) in _FAULTS.items()
    ]
    return [
        heading,
        page.Text(blame.verdict[0].upper() + blame.verdict[1:] + "."),
        page.Text(
            f"{blame.wrong} of {count} dev outputs differ from the reference. "
            "Beam search looks for the output of the highest score: "
            f"{score if blame.alpha else 'log P'}. Where the reference scores "
            "higher than the output, the search missed it; else the model "
            "prefers its output."
            + (
                ""
                if answers.exact
                else " An output that differs may be as good: mistakes.csv "
                "has a column to tag those."
            )
        ),
        page.Table(
            ["at fault", "outputs", "share (95 %)", "what helps"], shares
        ),
        page.Table(
            ["at fault", "source", "reference", "output", "scores"],
            _examples(answers, blame),
            "Some of each kind, drawn by their ids; the scores are the "
            "reference's and the output's. mistakes.csv lists all.",
        ),
    ]


def _examples(answers, blame):
    order = splits.nested(answers.ids)
    scores = blame.reference_scores, blame.output_scores
    return [
        [
            name,
            *_texts(answers, i),
            " / ".join(f"{score[i]:.3f}" for score in scores),
        ]
        for fault, (name, _) in _FAULTS.items()
        for i in [i for i in order if blame.faults[i] == fault][:_EXAMPLES]
    ]


def beams(widths):
    """Return the blocks that compare widths of the beam.

    Args:
        widths: pairs of a width and the `Answers` that it gives.
    """
    if not widths:
        return []
    first = widths[0][1]
    count, rows = len(first.ids), []
    measure, signature = "exact match (95 %)", []
    if not first.exact:
        measure = "BLEU (95 %)"
        signature = [page.Code(first.bleu().signature)]
    for width, answers in widths:
        right = intervals.Measure(float(answers.right.mean()), count)
        metrics = right if answers.exact else answers.bleu()
        speed = count / answers.seconds
        rows.append(
            [width, metrics.text, f"{answers.seconds:.1f}", f"{speed:.1f}"]
        )
    return [
        page.Heading("Width of the beam"),
        page.Table(
            ["width", measure, "seconds", "examples a second"],
            rows,
            f"The same {count} dev examples with each; 1 is greedy search.",
            numeric=(0, 1, 2, 3),
        ),
        *signature,
    ]


def attention(attended, folder):
    """Write figures/attention-1.png, -2.png, … and return their blocks.

    Args:
        attended: an `Attended` for each.
        folder: the run's folder.
    """
    pictures = []
    for number, one in enumerate(attended, 1):
        path = folder / "figures" / f"attention-{number}.png"
        figures.save(one.figure(), path)
        pictures.append(
            page.Picture(
                path, one.caption, f"Attention of {one.id}", chart=True
            )
        )
    text = (
        "Each row is a token of the output, each column one of the source: "
        "the darker, the more of the row's attention is there. ␣ is a space, "
        "⟨end⟩ the end mark."
    )
    return [page.Heading("Attention"), page.Text(text), *pictures] * bool(
        pictures
    )


def token_texts(tokens, vocabulary):
    r"""Return a text for each token but padding, to label `Attended`.

    A byte that is no character stands as `\xe5`.

    Args:
        tokens: integers, `[n]`.
        vocabulary: what they are of; it has `decode`.

    >>> from kerasnotes.data.texts import vocabulary
    >>> words = vocabulary.Characters("é")
    >>> print(*token_texts([*words.encode(["aéà"])[0], 2, 0], words))
    a é \xc3 \xa0 ⟨end⟩
    """
    tokens = [int(token) for token in tokens if token != ops.PAD]
    texts = vocabulary.decode([[token] for token in tokens])
    return [
        f"\\x{token - base.MARKS:02x}"
        if token in _BROKEN
        else _MARKS.get(token, text)
        for token, text in zip(tokens, texts, strict=True)
    ]


def attended(translator, answers):
    """Return an `Attended` for some answers, drawn by their ids alone.

    Args:
        translator: the `serving.Translator`.
        answers: the `answers.Answers`.
    """
    blocks = []
    for i in splits.nested(answers.ids)[:_PICTURES]:
        weights, source, target = translator.attention(
            answers.sources[i], answers.outputs[i]
        )
        if weights is not None:
            names = (
                token_texts(source, translator.source),
                token_texts(target, translator.target),
            )
            name, (asked, _, output) = answers.ids[i], _texts(answers, i)
            caption = f"{name}: {asked} → {output}"
            blocks.append(Attended(name, caption, np.asarray(weights), *names))
    return blocks


def _texts(answers, i):
    sides = answers.sources, answers.references, answers.outputs
    texts = (figures.label(side[i], _LONGEST) for side in sides)
    return [*map(markup.answer, texts)]
