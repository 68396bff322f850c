"""The TPU of this machine or of another one."""

import os
import socket

import tensorflow as tf

from kerasnotes import errors


def available():
    """Return whether there is a TPU that is meant for this process.

    That is one of this machine, whose cores the package tensorflow-tpu lists,
    or one whose address the environment holds. A mere name in `TPU_NAME` may
    be there for gcloud alone.

    >>> available()
    False
    """
    name = _name()
    return name == "local" or name.startswith("grpc://")


def strategy():
    """Return the strategy of the TPU, which it starts.

    In the order of https://www.tensorflow.org/guide/tpu. What the TPU had in
    its memory is lost.

    Raises:
        UserError: there is none.
    """
    name = _name()
    try:
        _reach(name)
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        # With a local one it does nothing.
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:100]
        raise errors.UserError(
            f"--strategy=tpu: no TPU found{name and f' as {name}'} ({reason}); "
            "on a TPU VM install tensorflow-tpu, elsewhere set TPU_NAME to the "
            "TPU's name or to grpc://ADDRESS:8470"
        ) from error


def _name():
    """Return what TensorFlow's resolver takes for the TPU, or ''."""
    endpoints = os.environ.get("KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS")
    name = endpoints or os.environ.get("TPU_NAME", "")
    if name.startswith("grpc://"):
        return name
    return "local" if tf.config.list_physical_devices("TPU") else name


def _reach(name):
    """Raise OSError for an address where TensorFlow waits for minutes."""
    if name.startswith("grpc://"):
        for address in name.replace("grpc://", "").split(","):
            host, _, port = address.partition(":")
            socket.create_connection((host, int(port or 8470)), 10).close()
