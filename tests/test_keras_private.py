"""Private names that this package uses are in the Keras at hand."""

import ast
import importlib

import keras
import pytest
import tensorflow as tf

from kerasnotes import keras_private
from tests.support.paths import ROOT

PATCHES = "kerasnotes/training/distribute/keras_patches.py"
# Each name, and what in `keras_private` uses it.
USES = {
    "_keras_history": lambda: keras_private.operation_of(graph().output),
    "_inbound_nodes": lambda: keras_private.node_of(graph().output),
    "_nodes_by_depth": lambda: next(keras_private.nodes_by_depth(graph())),
    "_flatten_layers": lambda: keras_private.flatten_layers(graph()),
    "_compile_loss": lambda: compiled_loss(graph()),
    "_learning_rate": lambda: keras_private.learning_rate(
        keras.optimizers.SGD(0.1)
    ),
    "_get_variable_index": lambda: variable_index(keras.Variable([1.0])),
}
# Names that patches replace, each with its owner.
REPLACED = (
    (
        "keras.src.backend.tensorflow.trainer",
        "TensorFlowTrainer",
        "_maybe_symbolic_build",
    ),
    ("keras.src.backend.tensorflow.trainer", "", "reduce_per_replica"),
    (
        "tensorflow.python.framework.func_graph",
        "FuncGraph",
        "capture_call_time_value",
    ),
    ("keras.random", "SeedGenerator", "next"),
    ("keras.optimizers", "LossScaleOptimizer", "check_finite"),
)


def graph():
    x = keras.Input([3])
    return keras.Model(x, keras.layers.Dense(2, name="head")(x))


def compiled_loss(model):
    model.compile(loss="mse")
    y = tf.ones([1, 2])
    assert keras_private.compile_loss(model, y, y, None) == 0


def variable_index(variable):
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([keras.Variable([0.0]), variable])
    assert keras_private.variable_index(optimizer, variable) == 1


def lacks(name):
    return f"Keras {keras.__version__}, TensorFlow {tf.__version__}: no {name}"


@pytest.mark.parametrize("name", USES)
def test_it_is_there(name):
    try:
        USES[name]()
    except AttributeError as error:
        pytest.fail(f"{lacks(name)}; mend keras_private.py ({error})")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("tensor", keras_private.DTYPE),
        ("layer", keras_private.DTYPE_POLICY),
        ("variable", keras_private.DTYPE),
        ("variable", keras_private.VALUE),
        ("loss", keras_private.DTYPE),
    ],
)
def test_an_attribute_is_there(owner, name):
    model = graph()
    owner = {
        "tensor": model.output,
        "layer": model.layers[1],
        "variable": model.variables[0],
        "loss": keras.losses.MeanSquaredError(),
    }[owner]
    assert hasattr(owner, name), f"{lacks(name)} of {type(owner).__name__}"
    # The public property follows it.
    public = {"_dtype": "dtype", "_dtype_policy": "dtype_policy"}.get(name)
    if public and not isinstance(owner, keras.losses.Loss):
        kept = getattr(owner, name)
        policy = keras.DTypePolicy("float64")
        changed = policy if name == "_dtype_policy" else "float64"
        setattr(owner, name, changed)
        assert getattr(owner, public) == changed, lacks(name)
        setattr(owner, name, kept)


@pytest.mark.parametrize(("module", "owner", "name"), REPLACED)
def test_what_is_replaced_is_there(module, owner, name):
    try:
        place = importlib.import_module(module)
    except ImportError as error:
        pytest.fail(f"{lacks(module)}; mend {PATCHES} ({error})")
    place = getattr(place, owner) if owner else place
    assert callable(getattr(place, name, None)), (
        f"{lacks(name)}; mend {PATCHES}"
    )


def test_operations_and_nodes():
    model = graph()
    head = model.get_layer("head")
    assert keras_private.operation_of(model.output) is head
    node = keras_private.node_of(model.output)
    assert node.operation is head and not node.is_input
    assert node.input_tensors[0] is model.input
    assert node.outputs[0] is model.output
    levels = list(keras_private.nodes_by_depth(model))
    assert [[n.is_input for n in level] for level in levels] == [
        [True],
        [False],
    ]
    assert keras_private.flatten_layers(model)[0] is model
    assert head in keras_private.flatten_layers(model, include_self=False)


def test_patches_replace_what_is_named_here():
    from kerasnotes.training.distribute import keras_patches

    names = {name for _, name, _ in keras_patches.PATCHES}
    assert names <= {name for _, _, name in REPLACED}


def private_names(path):
    """Yield private names of Keras and TensorFlow in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in USES:
            # What a class calls so itself is its own.
            if not isinstance(node.ctx, ast.Store):
                yield node.attr
        elif isinstance(node, ast.Constant) and node.value in USES:
            yield node.value
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or ""
            for name in (module, *names):
                if name.startswith(("keras.src", "tensorflow.python")):
                    yield name


def test_they_stand_at_one_place():
    places = {PATCHES, "kerasnotes/keras_private.py"}
    for path in sorted((ROOT / "kerasnotes").rglob("*.py")):
        if str(path.relative_to(ROOT)) not in places:
            assert not list(private_names(path)), path
