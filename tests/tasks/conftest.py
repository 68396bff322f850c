"""Two small trained classifiers of the digits, of different input."""

import pytest

from kerasnotes.tasks import classify
from kerasnotes.training import runner
from tests.support import runs


@pytest.fixture(scope="session")
def classifiers(tmp_path_factory):
    """Return the folders of LeNet-5 at 32×32 and an MLP at 16×16."""
    folder = tmp_path_factory.mktemp("classifiers")
    common = {"learning_rate": 0.003, "data_dir": str(folder / "data")}
    common |= {"augment": "none", "batch_size": 128}
    kinds = {
        "lenet5": {"epochs": 3},
        "mlp": {"epochs": 4, "model": "mlp", "image_size": 16},
    }
    # Nobody reads their reports.
    with pytest.MonkeyPatch.context() as patch, runs.no_page():
        patch.setattr(classify.Classify, "review", lambda *_: [])
        for name, own in kinds.items():
            given = {"run_dir": str(folder / name), **common, **own}
            runner.run(classify.Classify, given, [], "trainers.classify")
    return [folder / name for name in kinds]


@pytest.fixture
def command():
    """Return a function that runs a command of the classifier."""

    def call(run_dir, mode, *inputs, **given):
        given |= {"run_dir": str(run_dir), "mode": mode}
        return runner.run(classify.Classify, given, inputs, "trainers.classify")

    return call
