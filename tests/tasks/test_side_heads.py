"""A run trains a network with its side heads, and keeps it without."""

from kerasnotes import models
from kerasnotes.models.pictures import side_heads
from kerasnotes.tasks import classify

FACTS = {
    "classes": ["a", "b"],
    "input_shape": [32, 32, 1],
    "train": 10,
    "mean": [120.0],
    "std": [60.0],
}


def test_googlenet_learns_with_side_heads():
    config = classify.Config(model="googlenet", width=0.05)
    task = classify.Classify(config)
    model = task.model(FACTS)
    learner = task.training_model(model)
    assert isinstance(learner, side_heads.WithSideHeads)
    # They are in the run's checkpoints.
    assert any("side_2_logits" in v.path for v in learner.variables)
    assert isinstance(model, models.GoogLeNet)
    assert not any("side" in v.path for v in model.variables)


def test_others_learn_as_they_are():
    task = classify.Classify(classify.Config(model="nin", width=0.05))
    model = task.model(FACTS)
    assert task.training_model(model) is model
