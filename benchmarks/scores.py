"""Trains the systems of docs/systems.md and writes down what they reach.

    python -m benchmarks.scores [--only=TEXT] [--data=FOLDER]

Each command runs with seeds 0 to 2 where it takes seconds, with seed 0 where
it takes minutes; `benchmarks/scores.json` keeps the means, and the tables in
docs/systems.md and README.md are made from it. `DATA` stands for the folder
that holds the sets that don't come with a package: `mnist` (the IDX files),
`trashnet` and `fra_eng`.
"""

import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

from absl import app, flags

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCORES = ROOT / "benchmarks" / "scores.json"
SYSTEMS, TASKS = "docs/systems.md", "README.md"
MARKS = {
    SYSTEMS: (
        "<!-- systems: python -m benchmarks.scores -->",
        "<!-- /systems -->",
    ),
    TASKS: ("<!-- tasks: python -m benchmarks.scores -->", "<!-- /tasks -->"),
}
# What README says of each trainer; its score is that of its default command.
DEFAULTS = {
    "classify": "one class per picture: handwritten digits",
    "detect": "all objects of a picture: scenes of up to eight digits",
    "localize": "one object per picture, or none: scenes of a digit",
    "multilabel": "several labels per picture, some unknown: composed scenes",
    "regress": "a number from a table: the course of diabetes",
    "segment": "the class of each pixel: the ink of scenes of digits",
    "translate": "text into text: dates of 28 languages into ISO dates",
}
MNIST = "--dataset=DATA/mnist --split='train[:50000],dev[50000:]'"
TRASHNET = "--dataset=DATA/trashnet --group='/([a-z]+\\d*?)\\d?\\.jpg'"
TRASHNET_85 = f"{TRASHNET} --split='train=85%,dev=15%'"
FRENCH = (
    "--dataset=DATA/fra_eng/fra-eng.zip --split=train=96%,dev=2%,test=2% "
    "--vocabulary=subwords:4000 --share_embeddings"
)

LITTLE = "--image_size=32 --augment=light:shift=0.04,rotate=10,scale=0.05"

# System, API, trainer, flags, seeds, split and metric.
ENTRIES = [
    ("linear regression", "models.LinearRegression", "regress", "", 3,
     "test", "r2"),
    ("logistic regression", "models.LogisticRegression", "classify",
     f"--model=logistic_regression {LITTLE}", 3, "test", "accuracy"),
    ("softmax regression", "models.SoftmaxRegression", "classify",
     f"--model=softmax_regression {LITTLE}", 3, "test", "accuracy"),
    ("deep fully connected network", "models.MLP", "classify",
     "--model=mlp --hidden=128,64", 3, "test", "accuracy"),
    ("LeNet-5", "models.LeNet5", "classify", "", 3, "test", "accuracy"),
    ("LeNet-5, not augmented", "models.LeNet5", "classify",
     "--augment=none", 3, "test", "accuracy"),
    ("LeNet-5, teaching variant", "models.LeNet5Teaching", "classify",
     "--model=lenet5_teaching --batch_norm", 3, "test", "accuracy"),
    ("LeNet-5 on MNIST", "models.LeNet5", "classify",
     f"{MNIST} --epochs=15 --batch_norm", 1, "dev", "accuracy"),
    ("LeNet-5 on trashnet", "models.LeNet5", "classify",
     f"{TRASHNET} --epochs=30", 1, "dev", "accuracy"),
    ("AlexNet", "models.AlexNet", "classify",
     "--model=alexnet --image_size=67 --width=0.25 --learning_rate=3e-4 "
     "--epochs=30",
     1, "test", "accuracy"),
    ("VGG-16", "models.VGG16", "classify",
     "--model=vgg16 --image_size=32 --width=0.25 --batch_norm --epochs=40", 1,
     "test", "accuracy"),
    ("network in network", "models.NetworkInNetwork", "classify",
     "--model=nin --image_size=16 --width=0.5 --batch_norm", 1, "test",
     "accuracy"),
    ("GoogLeNet, with side heads", "models.GoogLeNet", "classify",
     "--model=googlenet --image_size=32 --width=0.5 --batch_norm --epochs=40",
     1, "test", "accuracy"),
    ("MobileNet", "models.MobileNet", "classify",
     "--model=mobilenet --image_size=32 --width=0.5 --epochs=60", 1, "test",
     "accuracy"),
    ("MobileNetV2", "models.MobileNetV2", "classify",
     "--model=mobilenet_v2 --image_size=32 --width=0.5 --epochs=60", 1,
     "test", "accuracy"),
    ("ResNet-20", "models.ResNet20", "classify",
     "--model=resnet20 --image_size=16", 1, "test", "accuracy"),
    ("ResNet-50", "models.ResNet50", "classify",
     "--model=resnet50 --image_size=32 --width=0.25 --epochs=40", 1, "test",
     "accuracy"),
    ("ResNet-20 on MNIST", "models.ResNet20", "classify",
     f"{MNIST} --model=resnet20 --image_size=28 --width=0.5 --epochs=12 "
     "--batch_size=128", 1, "dev", "accuracy"),
    ("ResNet-18 on trashnet", "models.ResNet18", "classify",
     f"{TRASHNET_85} --model=resnet18 --width=0.5 --image_size=96 "
     "--epochs=100 --batch_size=32 --optimizer=adamw:weight_decay=0.05 "
     "--learning_rate=2e-3 --warmup_epochs=3 --label_smoothing=0.1 "
     "--augment=standard:rotate=180,crop=0.35,saturation=0.4", 1, "dev",
     "accuracy"),
    ("attention model, dates", "models.AttentionModel", "translate", "", 1,
     "test", "exact_match"),
    ("encoder-decoder, dates", "models.EncoderDecoder", "translate",
     "--model=encoder_decoder", 1, "test", "exact_match"),
    ("Transformer, dates", "models.Transformer", "translate",
     "--model=transformer --share_embeddings --layers=2 --hidden=256 "
     "--learning_rate=3e-3 --warmup_epochs=0.25 --dropout=0", 1, "test",
     "exact_match"),
    ("attention model, English to French", "models.AttentionModel",
     "translate",
     f"{FRENCH} --width=256 --batch_size=256 --epochs=7 "
     "--learning_rate=2e-3 --clip_norm=1 --label_smoothing=0.1 --dropout=0.1",
     1, "dev", "bleu"),
    ("Transformer, English to French", "models.Transformer", "translate",
     f"{FRENCH} --model=transformer --width=256 --layers=2 --hidden=512 "
     "--batch_size=128 --epochs=10 --learning_rate=1.5e-3 "
     "--warmup_epochs=0.5 --clip_norm=1 --label_smoothing=0.1", 1, "dev",
     "bleu"),
    ("multi-task learning, labels missing",
     "losses.MaskedBinaryCrossentropy", "multilabel", "", 3, "test",
     "accuracy"),
    ("object localization, landmarks", "models.Localizer", "localize", "", 1,
     "test", "iou"),
    ("YOLO, scenes of digits", "models.Yolo", "detect", "", 1, "test",
     "ap50"),
    ("Faster R-CNN, scenes of digits", "models.FasterRCNN", "detect",
     "--detector=faster_rcnn --learning_rate=3e-3 --epochs=8", 1, "test",
     "ap50"),
    ("Mask R-CNN, scenes of digits", "models.MaskRCNN", "detect",
     "--detector=mask_rcnn --learning_rate=3e-3 --epochs=8", 1, "test",
     "mask_ap50"),
    ("U-Net, ink of scenes of digits", "models.UNet", "segment", "", 1,
     "test", "mean_iou"),
]  # fmt: skip

_FORMATS = {"accuracy": "{:.2%}", "bleu": "{:.1f}", "exact_match": "{:.2%}"}

_ONLY = flags.DEFINE_string("only", "", "Measure systems with this text.")
_DATA = flags.DEFINE_string("data", "../shared/data", "The folder DATA.")


def measure(trainer, words, seeds, split, metric):
    """Return the mean score and seconds of a command over its seeds."""
    scores, seconds = [], []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    f"trainers.{trainer}",
                    f"--run_dir={folder}/run",
                    f"--seed={seed}",
                    *shlex.split(words.replace("DATA/", f"{_DATA.value}/")),
                ],
                check=True,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            )
            path = os.path.join(folder, "run", "metrics.json")
            metrics = json.loads(pathlib.Path(path).read_text())
        scores.append(metrics[split][metric])
        seconds.append(metrics["seconds"])
    return statistics.mean(scores), statistics.mean(seconds)


def score(row):
    """Return a row's score as the tables write it."""
    value = _FORMATS.get(row["metric"], "{:.3f}").format(row["score"])
    seeds = f", mean of {row['seeds']} seeds" if row["seeds"] > 1 else ""
    return f"{row['split']} {row['metric']} {value}{seeds}"


def systems_table(rows):
    """Return the table of docs/systems.md: every measured row."""
    lines = [
        "| system | API | trainer | command | score | time |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        command = f"python -m trainers.{row['trainer']} {row['flags']}".strip()
        lines.append(
            f"| {row['system']} | `{row['api']}` | `{row['trainer']}` | "
            f"`{command}` | {score(row)} | {row['seconds']:.0f} s |"
        )
    return "\n".join(lines)


def tasks_table(rows):
    """Return the table of README.md: each trainer's default command."""
    defaults = {row["trainer"]: row for row in rows if not row["flags"]}
    lines = [
        "| task | command | score | time | guide |",
        "|---|---|---|---|---|",
    ]
    for trainer in filter(defaults.get, DEFAULTS):
        row, text = defaults[trainer], DEFAULTS[trainer]
        lines.append(
            f"| {text} | `python -m trainers.{trainer}` | {score(row)} | "
            f"{row['seconds']:.0f} s | [{trainer}](docs/{trainer}.md) |"
        )
    return "\n".join(lines)


def write_tables(rows):
    """Put the tables into docs/systems.md and README.md."""
    for name, table in ((SYSTEMS, systems_table), (TASKS, tasks_table)):
        text = (ROOT / name).read_text()
        first, last = MARKS[name]
        before, rest = text.split(first)
        after = rest.split(last)[1]
        text = f"{before}{first}\n{table(rows)}\n{last}{after}"
        (ROOT / name).write_text(text)


def main(_):
    """Measures, and writes scores.json and the table."""
    kept = json.loads(SCORES.read_text()) if SCORES.exists() else []
    known = {row["system"]: row for row in kept}
    for system, api, trainer, words, seeds, split, metric in ENTRIES:
        if _ONLY.value not in system:
            continue
        value, seconds = measure(trainer, words, seeds, split, metric)
        known[system] = {
            "system": system,
            "api": api,
            "trainer": trainer,
            "flags": words,
            "seeds": seeds,
            "split": split,
            "metric": metric,
            "score": round(value, 5),
            "seconds": round(seconds, 1),
        }
        rows = [known[entry[0]] for entry in ENTRIES if entry[0] in known]
        SCORES.write_text(json.dumps(rows, indent=2) + "\n")
        write_tables(rows)
        print(f"{system}: {split} {metric} {value:.4f} in {seconds:.1f} s")


if __name__ == "__main__":
    app.run(main)
