import json
import os

import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training.distribute import clusters

# Of a step of two tasks on n9 and one on n10.
_SLURM = {
    "SLURMD_NODENAME": "n9",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_JOB_ID": "40123",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "n[9-10]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name in _SLURM:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tf_config(monkeypatch):
    def put(cluster, kind="worker", index=0):
        config = {"cluster": cluster, "task": {"type": kind, "index": index}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))

    return put


@pytest.fixture
def slurm(monkeypatch):
    def put(**variables):
        for name, value in (_SLURM | variables).items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize("given", [None, "", "{}"])
def test_alone(monkeypatch, given):
    if given is not None:
        monkeypatch.setenv("TF_CONFIG", given)
    assert clusters.workers() == 1
    assert clusters.addresses() == []
    assert clusters.is_chief()
    with pytest.raises(errors.UserError, match="srun, or set TF_CONFIG"):
        clusters.resolver()


def test_workers_of_tf_config(tf_config):
    cluster = {"worker": ["a:1", "b:2"], "chief": ["c:3"], "evaluator": ["d:4"]}
    tf_config(cluster, index=1)
    assert clusters.workers() == 3
    assert clusters.addresses() == ["c:3", "a:1", "b:2"]
    made = clusters.resolver()
    assert made.cluster_spec().as_dict() == cluster
    assert (made.task_type, made.task_id) == ("worker", 1)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "expected"),
    [
        ({"chief": ["a:1"], "worker": ["b:2"]}, "chief", 0, True),
        ({"chief": ["a:1"], "worker": ["b:2"]}, "worker", 0, False),
        ({"worker": ["a:1", "b:2"]}, "worker", 0, True),
        # As a shell or Kubernetes may fill it in.
        ({"worker": ["a:1", "b:2"]}, "worker", "1", False),
    ],
)
def test_chief_of_tf_config(tf_config, cluster, kind, index, expected):
    tf_config(cluster, kind, index)
    assert clusters.is_chief() is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{'cluster': 1}", "not JSON"),
        ("[]", "not both a cluster and a task"),
        ('{"cluster": {"worker": ["a:1"]}}', "not both a cluster and a task"),
        ('{"task": {"type": "worker", "index": 0}}', "not both"),
    ],
)
def test_text_that_is_no_tf_config(monkeypatch, text, reason):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(errors.UserError, match=rf"^TF_CONFIG: .*{reason}.*$"):
        clusters.workers()


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "reason"),
    [
        ({"worker": ["a:1"]}, "worker", 1, "there are 1 of type worker"),
        ({"worker": ["a:1"]}, "worker", -1, "index -1 is none"),
        ({"worker": ["a:1"]}, "worker", None, "None is no number"),
        ({"worker": ["a:1"]}, "chief", 0, "there are 0 of type chief"),
        ({"worker": ["a:1"]}, "master", 0, "'master' is neither"),
        ({"worker": ["a:1"]}, ["worker"], 0, "is neither"),
        ({"worker": ["a:1"], "gpu": []}, "worker", 0, "'gpu' is neither"),
        ({"worker": ["a:1"]}, "evaluator", 0, "the chief evaluates"),
        ({"worker": ["a:1"], "ps": ["b:2"]}, "worker", 0, "lose updates"),
        ({"worker": ["a:1"], "ps": ["b:2"]}, "ps", 0, "lose updates"),
        ({"worker": ["a:1", "a:1"]}, "worker", 0, "a:1 is there twice"),
        ({"chief": ["a:1"], "worker": ["a:1"]}, "worker", 0, "twice"),
        ({"chief": ["a:1", "b:2"]}, "chief", 0, "more than one chief"),
        ({"worker": ["host-a"]}, "worker", 0, "'host-a' is no host:port"),
        ({"worker": [":80"]}, "worker", 0, "is no host:port"),
        ({"worker": ["a:99999"]}, "worker", 0, "is no host:port"),
        ({"worker": [["a:1"]]}, "worker", 0, "is no host:port"),
        ({"worker": "a:1"}, "worker", 0, "worker must list addresses"),
    ],
)
def test_wrong_tf_config(tf_config, cluster, kind, index, reason):
    tf_config(cluster, kind, index)
    with pytest.raises(errors.UserError, match=rf"^TF_CONFIG: .*{reason}.*$"):
        clusters.resolver()


@pytest.mark.parametrize(
    ("node", "local", "rank", "index"),
    [("n9", "0", "0", 1), ("n9", "1", "1", 2), ("n10", "0", "2", 0)],
)
def test_slurm(slurm, node, local, rank, index):
    slurm(SLURMD_NODENAME=node, SLURM_LOCALID=local, SLURM_PROCID=rank)
    made = clusters.resolver()
    hosts = ["n10:10123", "n9:10123", "n9:10124"]
    assert made.cluster_spec().as_dict() == {"worker": hosts}
    # The others must find this process where they look for it.
    assert (made.task_type, made.task_id) == ("worker", index)
    gpus = len(tf.config.list_physical_devices("GPU"))
    assert made.num_accelerators() == {"GPU": gpus}
    assert clusters.addresses() == hosts
    assert clusters.is_chief() is (index == 0)


def test_slurm_is_left_to_its_strategy(slurm):
    slurm()
    assert clusters.workers() == 1


def test_slurm_keeps_the_gpus_that_it_gave(slurm, monkeypatch):
    slurm()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    clusters.resolver()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"


def test_tf_config_goes_before_slurm(slurm, tf_config):
    slurm()
    tf_config({"worker": ["a:1", "b:2"]})
    assert clusters.addresses() == ["a:1", "b:2"]


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"SLURM_STEP_NODELIST": "n[9"}, "Invalid hostlist"),
        ({"SLURM_STEP_NUM_TASKS": "4"}, "only 3 were assigned"),
        ({"SLURM_LOCALID": "5"}, "n9:10128"),
    ],
)
def test_wrong_slurm(slurm, variables, reason):
    slurm(**variables)
    with pytest.raises(errors.UserError, match=rf"^.*{reason}.*srun.*$"):
        clusters.resolver()


def test_slurm_without_srun(slurm, monkeypatch):
    slurm()
    # So it is in a batch script itself.
    monkeypatch.delenv("SLURM_STEP_NUM_TASKS")
    with pytest.raises(errors.UserError, match="STEP_NUM_TASKS.*srun"):
        clusters.resolver()
