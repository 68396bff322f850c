"""The network that a translation's flags describe."""

from kerasnotes import errors, models

# The arguments of the networks by the flags that give them.
_ARGUMENTS = {
    "width": "width",
    "layers": "layers",
    "cell": "cell",
    "heads": "num_heads",
    "hidden": "intermediate_dim",
    "norm": "normalize_first",
    "dropout": "dropout",
}


def build(config, **arguments):
    """Build the network.

    Args:
        config: the `Config`.
        **arguments: what no flag gives, such as the vocabularies' sizes.

    Raises:
        UserError: the network refuses a flag.
    """
    flags = {argument: f"--{flag}" for flag, argument in _ARGUMENTS.items()}
    with errors.as_flags(
        "share_embeddings", default=f"--model={config.model}", **flags
    ):
        return models.build(config.model, **_of_flags(config), **arguments)


def _of_flags(config):
    """Return the arguments that flags give; None stands for the default."""
    values = {a: getattr(config, flag) for flag, a in _ARGUMENTS.items()}
    if config.norm is not None:
        values["normalize_first"] = config.norm == "pre"
    values["share_embeddings"] = config.share_embeddings or None
    return {k: value for k, value in values.items() if value is not None}
