"""Ships a run's SavedModel, with a card beside it.

python -m benchmarks.ship RUN_DIR saved_models/NAME/VERSION
"""

import hashlib
import importlib.metadata
import json
import pathlib
import shutil
import sys
import textwrap

from kerasnotes.data.texts import load
from kerasnotes.training.run import flags


def checksums(folder):
    """Return the SHA-256 of each file below `folder`, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Of each task: what distinguishes its commands, the metrics of its table, how
# its data were split, and how it serves.
_TASKS = {
    "classify": (
        ("augment",),
        ("accuracy", "f1"),
        "The data were split class by class by a salted hash; no example of "
        "dev or test was trained on, and dev chose the epoch.",
        "`serving_default` takes encoded pictures (`image_bytes`), `images` "
        "uint8 pictures of any size, `model_inputs` float32 pixels. Meant for "
        "pictures like these, one thing to a picture (digits light on dark); "
        "it answers with one of its classes whatever it is shown.",
    ),
    "detect": (
        ("strides", "anchors", "box_weight", "augment", "lr_schedule"),
        ("ap50", "ap", "precision", "recall"),
        "The digits themselves were split, so that a scene of dev or test "
        "shows none that was trained on; dev chose the epoch and the "
        "threshold, above which precision and recall count.",
        "`serving_default` takes encoded pictures (`image_bytes`), `images` "
        "uint8 pictures of any size: both give `boxes` (left, top, right, "
        "bottom in pixels of the picture sent), `labels`, `scores` and "
        "`count`, the number of rows that are answers. `model_inputs` takes "
        "float32 pixels. Meant for scenes like these: digits of any "
        "colour on soft backgrounds, in pictures of about 96×96.",
    ),
    "segment": (
        ("filters", "augment", "learning_rate", "lr_schedule"),
        ("mean_iou", "iou", "f1", "boundary_f1"),
        "The digits themselves were split, so that a scene of dev or test "
        "shows none that was trained on; dev chose the epoch and the "
        "threshold. `iou` and `f1` are of the ink.",
        "`serving_default` takes encoded pictures (`image_bytes`), `images` "
        "uint8 pictures of any size: both give `mask`, a grey PNG of each "
        "picture's size whose values are the classes' numbers, `labels`, "
        "their names, and `areas`, the pixels of each. `model_inputs` takes "
        "float32 pixels and gives `probabilities`. Meant for scenes like "
        "these: digits of any colour on soft backgrounds, in pictures of "
        "about 48×48; larger ones are brought to that size.",
    ),
    "translate": (
        ("width", "layers", "batch_size", "learning_rate", "lr_schedule"),
        ("exact_match", "sequence_accuracy"),
        "The data were split by the answer: no date of dev or test was seen "
        "in training, and dev chose the epoch. The pairs of test are in "
        "`1.test.tsv`, for each version of Babel writes somewhat other dates "
        "(these are of {babel}).",
        "`serving_default` takes `text`, strings in Unicode's normal form C, "
        "and gives `text`, `score` and `alternatives`; `beam_search` takes "
        "`width` and `alpha` too; `log_prob` takes `text` and `answer`. Meant "
        "for dates from 1900 to 2099, years in four digits, in the languages "
        "it learned (see `kerasnotes.data.texts.readers.date_texts`). It "
        "answers whatever it is given, a greeting too, and its score then is "
        "no sure sign; where `truncated` is true it has not read all of the "
        "text. "
        "`exact_match` is that of beam search on up to 2,000 examples, "
        "`sequence_accuracy` that of greedy search on all.",
    ),
}


def card(run, folder):
    """Return the model card, in Markdown."""
    config = json.loads((run / "config.json").read_text())
    metrics = json.loads((run / "metrics.json").read_text())
    data, task = config["data"], config["task"]
    own, columns, split, serve = _TASKS[task]
    given = {
        name: config["flags"][name]
        for name in ("dataset", "model", "epochs", *own, "seed")
        if config["flags"][name] is not None
    }
    rows = [["split", "examples", *columns], ["---"] * (2 + len(columns))]
    rows += [
        [side, metrics[side]["size"]]
        + [f"{metrics[side][column]:.6f}" for column in columns]
        for side in ("train", "dev", "test")
        if side in metrics
    ]
    scores = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    sums = "\n".join(
        f"| `{name}` | `{value}` |" for name, value in checksums(folder).items()
    )
    packages = ", ".join(f"{k} {v}" for k, v in config["packages"].items())
    split = split.format(babel=importlib.metadata.version("babel"))
    classes = data.get("classes")
    classes = f"Classes: {', '.join(classes)}.\n" if classes else ""
    return f"""# {folder.parent.name}, version {folder.name}

{metrics["model"]} with {metrics["parameters"]:,} parameters, trained on
`{data["name"]}` by

```bash
{flags.command(f"trainers.{task}", given)}
```

with Python {config["python"]}, {packages}.
{classes}
{textwrap.fill(split, 80)}

{scores}

Serve it with TensorFlow alone.
{textwrap.fill(serve, 80)}

| file | SHA-256 |
|---|---|
{sums}
"""


def examples():
    """Return the pairs of `dates`' test split, a line each."""
    dates = load.load("dates")
    rows = dates.official["test"]
    return "".join(f"{dates.sources[i]}\t{dates.targets[i]}\n" for i in rows)


def main(run, folder):
    """Copy the SavedModel and write the card and what it names."""
    run, folder = pathlib.Path(run), pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run / "saved_model", folder)
    text = card(run, folder)
    folder.with_suffix(".md").write_text(text, encoding="utf-8")
    if ".test.tsv" in text:
        pairs = folder.with_suffix(".test.tsv")
        pairs.write_text(examples(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
