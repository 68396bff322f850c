"""What flags that take a name can be, with the arguments of each.

It imports nothing of Keras, so that `--help` answers at once; a test holds it
equal to what `kerasnotes.optimizers` and `kerasnotes.models` take.
"""

ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "linear")
"""The activations of hidden layers."""

INITIALIZERS = ("zeros", "normal_0.01", "he", "xavier", "glorot")
"""The initialisers by the course's names."""

_ADAM = "beta_1=0.9,beta_2=0.999,epsilon=1e-7"

OPTIMIZERS = {
    "adadelta": "rho=0.95,epsilon=1e-7",
    "adafactor": "beta_2_decay=-0.8,epsilon_1=1e-30,epsilon_2=1e-3,"
    "clip_threshold=1.0,relative_step=true",
    "adagrad": "initial_accumulator_value=0.1,epsilon=1e-7",
    "adam": f"{_ADAM},amsgrad=false",
    "adamax": _ADAM,
    "adamw": f"{_ADAM},amsgrad=false,weight_decay=0.004",
    "ftrl": "learning_rate_power=-0.5,initial_accumulator_value=0.1,"
    "l1_regularization_strength=0.0,l2_regularization_strength=0.0,"
    "l2_shrinkage_regularization_strength=0.0,beta=0.0",
    "lamb": _ADAM,
    "lion": "beta_1=0.9,beta_2=0.99",
    "muon": "momentum=0.95,nesterov=true,weight_decay=0.004,rms_rate=0.2,"
    "ns_steps=5,muon_a=3.4445,muon_b=-4.775,muon_c=2.0315,"
    "exclude_embeddings=true,epsilon=1e-7,adam_beta_1=0.9,"
    "adam_beta_2=0.999,adam_weight_decay=0.004,adam_lr_ratio=1",
    "nadam": _ADAM,
    "notes_adam": "beta_1=0.9,beta_2=0.999,epsilon=1e-8",
    "notes_momentum": "beta=0.9",
    "notes_rmsprop": "beta=0.9,epsilon=1e-8",
    "rmsprop": "rho=0.9,momentum=0.0,epsilon=1e-7,centered=false",
    "schedulefreeadamw": "beta_1=0.9,beta_2=0.999,epsilon=1e-8,warmup_steps=0",
    "sgd": "momentum=0.0,nesterov=false",
}
"""The optimisers, each with its arguments at their defaults."""

SCHEDULES = {
    "by_hand": "EPOCH=RATE",
    "constant": "",
    "cosine": "",
    "exponential": "base=0.95",
    "inverse": "rate=1.0",
    "sqrt_epoch": "k=1.0",
    "sqrt_step": "k=1.0",
    "staircase": "factor=0.5,every=10",
}
"""The learning-rate schedules, likewise."""


def listed(choices):
    """Return names with their arguments as one text, for lines that wrap.

    >>> listed({"cosine": "", "staircase": "factor=0.5,every=10"})
    'cosine; staircase:factor=0.5, every=10'
    """
    return "; ".join(
        f"{name}:{arguments.replace(',', ', ')}" if arguments else name
        for name, arguments in choices.items()
    )
