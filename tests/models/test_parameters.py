"""The parameters of every model."""

import re

import pytest

from kerasnotes import catalog, models
from tests.support.graphs import unallocated
from tests.support.paths import ROOT

NETWORKS = ROOT / "docs" / "networks.md"

# The arguments, and what `count_params()` is then: batch norm's running
# averages too, which for 32×32 the published numbers leave out.
PARAMETERS = [
    ("alexnet", {}, 62_378_344),
    ("alexnet", {"groups": 2}, 60_965_224),
    (
        "attention",
        {"source_size": 8_000, "target_size": 8_000},
        2 * 8_000 * 256
        + 2 * 3 * 128 * (256 + 128 + 1)
        + 2 * 256 * 256
        + 2 * 256
        + 3 * 256 * (2 * 256 + 256 + 1)
        + 256 * (3 * 256 + 1)
        + 8_000 * (128 + 1),
    ),
    (
        "attention",
        {
            "source_size": 9,
            "target_size": 9,
            "width": 16,
            "layers": 2,
            "cell": "lstm",
            "share_embeddings": True,
        },
        9 * 16
        + 2 * 2 * 4 * 8 * (16 + 8 + 1)
        + 2 * 16 * 16
        + 2 * 16
        + 4 * 16 * (2 * 16 + 16 + 1)
        + 4 * 16 * (16 + 16 + 1)
        + 16 * (3 * 16 + 1)
        + 9 * (8 + 1),
    ),
    (
        "encoder_decoder",
        {"source_size": 8_000, "target_size": 8_000},
        2 * 8_000 * 256 + 2 * 3 * 256 * (2 * 256 + 1) + 8_000 * (256 + 1),
    ),
    (
        "encoder_decoder",
        {
            "source_size": 20,
            "target_size": 30,
            "width": 16,
            "layers": 2,
            "cell": "lstm",
            "bidirectional": True,
        },
        (20 + 30) * 16
        + 2 * 2 * 4 * 8 * (16 + 8 + 1)
        + 2 * 4 * 16 * (2 * 16 + 1)
        + 30 * (16 + 1),
    ),
    (
        "darknet_small",
        {},
        sum(
            (9 * (c // 2) + 4) * c
            + blocks * ((c + 4) * (c // 2) + (9 * (c // 2) + 4) * c)
            for c, blocks in ((32, 1), (64, 2), (128, 2), (256, 1))
        )
        + (9 * 3 + 4) * 16
        + (256 + 1) * 10,
    ),
    ("googlenet", {}, 6_998_552),
    ("lenet5", {}, 61_706),
    ("lenet5_teaching", {}, 62_006),
    ("linear_regression", {"input_shape": (10,)}, 11),
    ("logistic_regression", {"input_shape": (8, 8, 1)}, 65 * 9),
    ("mlp", {"input_shape": (28, 28, 1)}, 109_386),
    ("mobilenet", {}, 4_253_864),
    ("mobilenet_v2", {}, 3_538_984),
    ("nin", {}, 966_986),
    ("plain20", {}, 269_722 + 1_376),
    ("plain56", {}, 853_018 + 4_064),
    ("resnet101", {}, 44_707_176),
    ("resnet110", {}, 1_727_962 + 8_096),
    ("resnet152", {}, 60_419_944),
    ("resnet18", {}, 11_699_112),
    ("resnet20", {}, 269_722 + 1_376),
    ("resnet32", {}, 464_154 + 2_272),
    ("resnet34", {}, 21_814_696),
    ("resnet44", {}, 658_586 + 3_168),
    ("resnet50", {}, 25_636_712),
    ("resnet56", {}, 853_018 + 4_064),
    ("softmax_regression", {"input_shape": (28, 28, 1)}, 7_850),
    (
        "transformer",
        {"source_size": 8_000, "target_size": 8_000},
        2 * 8_000 * 256 + 3 * 789_760 + 3 * 1_053_440 + 4 * 256,
    ),
    (
        "transformer",
        {
            "source_size": 9,
            "target_size": 9,
            "width": 8,
            "layers": 1,
            "num_heads": 2,
            "intermediate_dim": 5,
            "normalize_first": False,
            "share_embeddings": True,
        },
        9 * 8 + (4 + 8) * 72 + 2 * (9 * 5 + 6 * 8) + (4 + 6) * 8,
    ),
    ("vgg16", {}, 138_357_544),
    ("vgg19", {}, 143_667_240),
]


def test_every_model_is_in_the_table():
    assert {name for name, *_ in PARAMETERS} == set(models.names())


@pytest.mark.parametrize(("name", "arguments", "expected"), PARAMETERS)
def test_parameters(name, arguments, expected):
    with unallocated():
        assert build(name, arguments).count_params() == expected


def build(name, arguments):
    """Build the model by its class, with its shape by position."""
    model = getattr(models, catalog.model(name).attribute)
    shape = arguments.get("input_shape") or models.default_shape(name)
    if shape is None:
        return model(**arguments)
    more = {k: v for k, v in arguments.items() if k != "input_shape"}
    return model(shape, **more)


def test_the_document_says_the_same():
    counts = {name: n for name, more, n in PARAMETERS if not more}
    table = NETWORKS.read_text().split("<!-- networks -->")[1].split("\n\n")[0]
    rows = [row.split("|")[1:-1] for row in table.strip().split("\n")[2:]]
    listed = []
    for names, _, parameters, published in rows:
        names = re.findall("`(\\w+)`", names)
        told = [int(n.replace(",", "")) for n in parameters.split(";")]
        assert told == [counts[name] for name in names]
        has = {name in models.IMAGENET for name in names}
        assert has == {published.strip() == "yes"}
        listed += names
    assert sorted(listed) == sorted(counts)
