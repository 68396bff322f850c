"""Shipped models answer as their cards say, with TensorFlow alone."""

import io
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn import datasets

from benchmarks import ship
from kerasnotes.data.pictures import load
from kerasnotes.data.pictures.readers import digit_masks, digit_scenes
from tests.support import detections

SHIPPED = pathlib.Path(__file__).resolve().parents[1] / "saved_models"
CARDS = sorted(SHIPPED.glob("*/*.md"))


def test_every_model_has_a_card():
    folders = {p.parent for p in SHIPPED.glob("*/*/saved_model.pb")}
    assert folders == {card.with_suffix("") for card in CARDS}
    assert CARDS


@pytest.mark.parametrize("card", CARDS, ids=lambda p: p.parent.name)
def test_files_are_those_of_the_card(card):
    told = dict(re.findall(r"\| `(\S+)` \| `(\w{64})` \|", card.read_text()))
    assert told == ship.checksums(card.with_suffix(""))


def test_digits_lenet5_reaches_its_score(tmp_path):
    card = SHIPPED / "digits_lenet5" / "1.md"
    told = dict(re.findall(r"\| (\w+) \| \d+ \| ([\d.]+) \|", card.read_text()))
    model = tf.saved_model.load(str(card.with_suffix("")))
    digits = datasets.load_digits()
    names = load.load("digits", data_dir=tmp_path).ids
    from kerasnotes.data.common import split_choice

    parts = split_choice.choose(names, digits.target)
    for side in ("dev", "test"):
        pictures = []
        for image in digits.images[parts[side]]:
            png = io.BytesIO()
            pixels = np.round(image * 255 / 16).astype("uint8")
            Image.fromarray(pixels).save(png, "PNG")
            pictures.append(png.getvalue())
        answer = model.signatures["serving_default"](
            image_bytes=tf.constant(pictures)
        )
        given = answer["label"].numpy().astype(int)
        right = (given == digits.target[parts[side]]).mean()
        assert f"{right:.6f}" == told[side]


def matches(boxes, labels, truth, classes):
    """Return how many answers, the best first, find an object of theirs."""
    left, count = set(range(len(truth))), 0
    for box, label in zip(boxes, labels, strict=True):
        best, place = 0.5, None
        for i in left:
            overlap = detections.iou(box, truth[i])
            if overlap >= best and classes[i] == label:
                best, place = overlap, i
        if place is not None:
            left.remove(place)
            count += 1
    return count


def test_digits_detect_reaches_its_score():
    card = SHIPPED / "digits_detect" / "1.md"
    row = re.search(r"\| test \| (\d+) \|(.*)\|", card.read_text())
    told = [cell.strip() for cell in row[2].split("|")][-2:]
    model = tf.saved_model.load(str(card.with_suffix("")))
    scenes = list(digit_scenes.compose(digit_scenes.MANY, "test"))
    assert len(scenes) == int(row[1])
    right = answered = objects = 0
    for start in range(0, len(scenes), 25):
        part = scenes[start : start + 25]
        answer = model.signatures["serving_default"](
            image_bytes=tf.stack([tf.io.encode_png(x) for x, _ in part])
        )
        for i, (_, truth) in enumerate(part):
            count = int(answer["count"][i])
            right += matches(
                answer["boxes"][i, :count].numpy(),
                answer["labels"][i, :count].numpy().astype(int),
                np.array([row["box"] for row in truth]),
                [row["label"] for row in truth],
            )
            answered, objects = answered + count, objects + len(truth)
    got = [f"{right / answered:.6f}", f"{right / objects:.6f}"]
    assert got == told


def test_digits_segment_reaches_its_score():
    card = SHIPPED / "digits_segment" / "1.md"
    row = re.search(r"\| test \| (\d+) \|(.*)\|", card.read_text())
    told = [cell.strip() for cell in row[2].split("|")][:3]
    model = tf.saved_model.load(str(card.with_suffix("")))
    scenes = list(digit_scenes.opacities(digit_masks.SCENE, "test"))
    assert len(scenes) == int(row[1])
    counts = np.zeros([2, 2])
    for start in range(0, len(scenes), 50):
        part = scenes[start : start + 50]
        answer = model.signatures["serving_default"](
            image_bytes=tf.stack([tf.io.encode_png(x) for x, *_ in part])
        )
        for (_, shown, _), png in zip(part, answer["mask"], strict=True):
            mask = tf.io.decode_png(png).numpy()[..., 0]
            np.add.at(counts, (digit_masks.ink(shown), mask), 1)
        assert answer["areas"].numpy().sum() == 48 * 48 * len(part)
    both = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - both
    ious, f1 = both / union, 2 * both[1] / (both[1] + union[1])
    got = [f"{x:.6f}" for x in (ious.mean(), ious[1], f1)]
    assert got == told
    labels = [name.decode() for name in answer["labels"][0].numpy()]
    assert labels == digit_masks.CLASSES


def test_dates_attention_reaches_its_score():
    card = SHIPPED / "dates_attention" / "1.md"
    told = re.search(r"\| test \| 2000 \| ([\d.]+) \|", card.read_text())
    model = tf.saved_model.load(str(card.with_suffix("")))
    pairs = card.with_suffix(".test.tsv").read_text(encoding="utf-8")
    texts, true = np.array([p.split("\t") for p in pairs.splitlines()]).T
    serve = model.signatures["serving_default"]
    given = np.concatenate(
        [
            serve(text=tf.constant(part))["text"].numpy()
            for part in np.array_split(texts, 8)
        ]
    )
    right = np.mean(given.astype(str) == true)
    assert f"{right:.6f}" == told[1]
