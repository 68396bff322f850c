"""The parameters of every model."""

import contextlib
import pathlib
import re

import keras
import pytest

from kerasnotes import models
from kerasnotes.models import weights

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"

# The arguments, and what `count_params()` is then: batch norm's running
# averages too, which for 32×32 the published numbers leave out.
PARAMETERS = [
    ("alexnet", {}, 62_378_344),
    ("alexnet", {"groups": 2}, 60_965_224),
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
    ("vgg16", {}, 138_357_544),
    ("vgg19", {}, 143_667_240),
]


@contextlib.contextmanager
def unallocated():
    """Lets models be built whose weights have shapes and no values."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    # Keras would make the values up at the next such scope's end.
    keras.utils.clear_session(free_memory=False)


def test_every_model_is_in_the_table():
    assert {name for name, *_ in PARAMETERS} == set(models.names())


@pytest.mark.parametrize(("name", "arguments", "expected"), PARAMETERS)
def test_parameters(name, arguments, expected):
    with unallocated():
        assert models.build(name, **arguments).count_params() == expected


def test_all_that_have_weights_are_named():
    assert set(models.IMAGENET) == set(weights._APPLICATIONS)


def test_the_readme_says_the_same():
    counts = {name: n for name, more, n in PARAMETERS if not more}
    table = README.read_text().split("<!-- networks -->")[1].split("\n\n")[0]
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
