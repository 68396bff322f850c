import socket

import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training.distribute import strategies, tpu


@pytest.fixture(autouse=True)
def _no_tpu(monkeypatch):
    monkeypatch.delenv("TPU_NAME", raising=False)
    monkeypatch.delenv("KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", raising=False)


@pytest.fixture
def cores(monkeypatch):
    """Make TensorFlow list a TPU's cores, as tensorflow-tpu does."""
    stock = tf.config.list_physical_devices
    monkeypatch.setattr(
        tf.config,
        "list_physical_devices",
        lambda kind=None: ["core"] if kind == "TPU" else stock(kind),
    )


@pytest.fixture
def calls(monkeypatch):
    """Put stand-ins for what needs a TPU; return the record of calls."""
    made = []

    def stand_in(name, answer):
        def call(*args, **kwargs):
            made.append((name, args, kwargs))
            return answer

        return call

    for owner, name, answer in (
        (tf.distribute.cluster_resolver, "TPUClusterResolver", "resolver"),
        (tf.config, "experimental_connect_to_cluster", None),
        (tf.tpu.experimental, "initialize_tpu_system", "topology"),
        (tf.distribute, "TPUStrategy", "strategy"),
    ):
        monkeypatch.setattr(owner, name, stand_in(name, answer))
    return made


def test_plain_machine():
    assert not tpu.available()
    with pytest.raises(errors.UserError, match="^--strategy=tpu: .*TPU_NAME"):
        tpu.strategy()


def test_a_name_may_only_serve_gcloud(monkeypatch):
    monkeypatch.setenv("TPU_NAME", "my-tpu")
    assert not tpu.available()


@pytest.mark.parametrize(
    "variable", ["TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS"]
)
def test_address(monkeypatch, cores, variable):
    monkeypatch.setenv(variable, "grpc://10.0.0.2:8470")
    assert tpu.available()


@pytest.mark.parametrize("given", ["", "local", "my-tpu"])
def test_cores_of_this_machine(monkeypatch, cores, calls, given):
    monkeypatch.setenv("TPU_NAME", given)
    assert tpu.available()
    tpu.strategy()
    assert calls[0] == ("TPUClusterResolver", (), {"tpu": "local"})


@pytest.fixture
def address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"grpc://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("by_name", [True, False])
def test_order_of_calls(monkeypatch, calls, address, by_name):
    given = "my-tpu" if by_name else address
    monkeypatch.setenv("TPU_NAME", given)
    assert tpu.strategy() == "strategy"
    assert calls == [
        ("TPUClusterResolver", (), {"tpu": given}),
        ("experimental_connect_to_cluster", ("resolver",), {}),
        ("initialize_tpu_system", ("resolver",), {}),
        ("TPUStrategy", ("resolver",), {}),
    ]


def test_address_without_a_tpu(monkeypatch, calls):
    monkeypatch.setenv("TPU_NAME", "grpc://127.0.0.1:1")
    with pytest.raises(errors.UserError, match="refused"):
        tpu.strategy()
    assert calls == []


def test_strategy_auto_takes_it(cores, calls):
    strategies._tpu.cache_clear()
    assert strategies.strategy("auto") == "strategy"
    strategies._tpu.cache_clear()


def test_error_of_tensorflow_is_one_line(monkeypatch, calls):
    def fail(resolver):
        raise tf.errors.NotFoundError(None, None, "TPUs not found\n\n[[op]]")

    monkeypatch.setattr(tf.tpu.experimental, "initialize_tpu_system", fail)
    monkeypatch.setenv("TPU_NAME", "local")
    with pytest.raises(errors.UserError, match="TPUs not found") as raised:
        tpu.strategy()
    assert "\n" not in str(raised.value)
