"""What the environment says of the workers of a job."""

import dataclasses
import json
import os

import tensorflow as tf

from kerasnotes import errors

_EXAMPLE = json.dumps(
    {
        "cluster": {"worker": ["host-a:12345", "host-b:12345"]},
        "task": {"type": "worker", "index": 0},
    }
)


@dataclasses.dataclass(frozen=True)
class _Cluster:
    """The tasks of a job, and which of them this process is."""

    tasks: dict
    type: str
    index: int

    @property
    def addresses(self):
        return [*self.tasks.get("chief", []), *self.tasks.get("worker", [])]


def workers():
    """Return how many workers `TF_CONFIG` names, 1 without it.

    Raises:
        UserError: `TF_CONFIG` is wrong.

    >>> workers()
    1
    """
    cluster = _from_tf_config()
    return len(cluster.addresses) if cluster else 1


def addresses():
    """Return `host:port` of each worker, the chief's first."""
    cluster = _cluster()
    return cluster.addresses if cluster else []


def place():
    """Return the place of this process in `addresses`, 0 when alone."""
    cluster = _cluster()
    if not cluster:
        return 0
    return cluster.addresses.index(cluster.tasks[cluster.type][cluster.index])


def is_chief():
    """Return whether this process is the chief, or alone."""
    return place() == 0


def resolver():
    """Return the `ClusterResolver` of `TF_CONFIG`, else of Slurm.

    Raises:
        UserError: neither says who the workers are, or says it wrongly.
    """
    cluster = _cluster()
    if not cluster:
        raise errors.UserError(
            "--strategy=multi_worker: nothing says who the workers are; start "
            f"them with srun, or set TF_CONFIG on each: {_EXAMPLE}"
        )
    if _from_tf_config():
        return tf.distribute.cluster_resolver.TFConfigClusterResolver()
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(cluster.tasks),
        task_type=cluster.type,
        task_id=cluster.index,
        num_accelerators={"GPU": len(tf.config.get_visible_devices("GPU"))},
        rpc_layer="grpc",
    )


def _cluster():
    return _from_tf_config() or _from_slurm()


def _from_tf_config():
    try:
        config = json.loads(os.environ.get("TF_CONFIG") or "{}")
    except ValueError as error:
        raise _wrong(f"not JSON ({error})") from error
    if config == {}:
        return None
    parts = config if isinstance(config, dict) else {}
    tasks, entry = parts.get("cluster"), parts.get("task")
    if not isinstance(tasks, dict) or not isinstance(entry, dict):
        raise _wrong("it has not both a cluster and a task")
    kind = entry.get("type")
    _check_kinds(tasks, kind)
    _check_addresses(tasks)
    try:
        index = int(entry.get("index"))
    except (TypeError, ValueError) as error:
        raise _wrong(f"index {entry.get('index')!r} is no number") from error
    count = len(tasks.get(kind, []))
    if not 0 <= index < count:
        raise _wrong(f"there are {count} of type {kind}; index {index} is none")
    return _Cluster(tasks, kind, index)


def _check_kinds(tasks, task_kind):
    if task_kind == "evaluator":
        raise _wrong("type evaluator is refused: the chief evaluates")
    for kind in (task_kind, *tasks):
        if kind == "ps":
            raise _wrong("type ps is refused: parameter servers lose updates")
        if kind not in ("chief", "worker", "evaluator"):
            raise _wrong(f"type {kind!r} is neither chief nor worker")


def _check_addresses(tasks):
    used = set()
    for kind, hosts in tasks.items():
        if not isinstance(hosts, list):
            raise _wrong(f"{kind} must list addresses")
        for address in hosts:
            host, _, port = str(address).rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
                raise _wrong(f"{address!r} is no host:port")
            if address in used:
                raise _wrong(f"{address} is there twice")
            used.add(address)
    if len(tasks.get("chief", [])) > 1:
        raise _wrong("there is more than one chief")


def _wrong(reason):
    return errors.UserError(f"TF_CONFIG: {reason}; an example: {_EXAMPLE}")


def _from_slurm():
    """Return the tasks of a Slurm step.

    TensorFlow's resolver fails where there are no GPUs, or fewer than tasks,
    and takes ranks for places in the order of names, where n10 is before n9.
    """
    env = os.environ
    if "SLURM_PROCID" not in env:
        return None
    # Jobs may share a node.
    port = 10_000 + int(env.get("SLURM_JOB_ID", 0)) % 20_000
    try:
        slurm = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=port,
            # Enough for any task: Slurm itself shares the real ones out.
            gpus_per_node=int(env.get("SLURM_STEP_NUM_TASKS", 1)),
            gpus_per_task=1,
            auto_set_gpu=False,
        )
        tasks = slurm.cluster_spec().as_dict()
        node, local = env["SLURMD_NODENAME"], int(env["SLURM_LOCALID"])
        index = tasks["worker"].index(f"{node}:{port + local}")
    except (KeyError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise errors.UserError(
            f"--strategy=multi_worker: Slurm's variables don't say who the "
            f"workers are ({reason}); start them with srun, or set TF_CONFIG"
        ) from error
    return _Cluster(tasks, "worker", index)
