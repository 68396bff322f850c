"""What every run can be told, as a frozen dataclass.

Each field carries its help text, its choices, and whether it changes what is
learned: a run goes on only under the same learned fields.
"""

import dataclasses


def option(default, help, *, choices=None, learned=True):
    """Returns a dataclass field for one flag.

    Args:
        default: the default value.
        help: the flag's help text, one sentence.
        choices: the values allowed, or None.
        learned: whether another value makes another model.
    """
    return dataclasses.field(
        default=default,
        metadata={"help": help, "choices": choices, "learned": learned},
    )


def setting(default, help, *, choices=None):
    """Returns a field that leaves what is learned as it is."""
    return option(default, help, choices=choices, learned=False)


@dataclasses.dataclass(frozen=True)
class Config:
    """The settings shared by every trainer; a task's own Config adds its."""

    mode: str = setting(
        "train",
        "What to do with the run.",
        choices=("train", "evaluate", "predict", "export"),
    )
    run_dir: str = setting("", "Folder of the run; default runs/<task>.")
    dataset: str = option("", "A built-in name, a TFDS name, or a path.")
    data_dir: str | None = setting(None, "Where TFDS keeps its data sets.")
    batch_size: int = option(64, "Examples a step, over all replicas.")
    epochs: int = setting(30, "Passes over the training set; may grow.")
    learning_rate: float = option(1e-3, "The learning rate, α₀.")
    optimizer: str = option(
        "adam", "name[:key=value,…]: Keras' own, or the notes' variants."
    )
    lr_schedule: str = option(
        "constant", "name[:key=value,…]: how the learning rate decays."
    )
    warmup_epochs: float = option(
        0.0, "Epochs over which the learning rate rises from 0."
    )
    clip_norm: float | None = option(
        None, "Largest global norm of the gradient summed over replicas."
    )
    weight_average: float | None = option(
        None, "β of an exponentially weighted average of the weights."
    )
    l1: float = option(0.0, "λ of the L1 penalty λ/2m Σ|w| on kernels.")
    l2: float = option(0.0, "λ of the L2 penalty λ/2m Σw² on kernels.")
    seed: int = option(0, "Seed of weights, order, augmentation, dropout.")
    deterministic: str = setting(
        "auto",
        "Bit-identical runs; auto: on a CPU only, where it costs nothing.",
        choices=("auto", "true", "false"),
    )
    early_stop: int | None = option(
        None, "Stop after this many epochs without a better dev score."
    )
    optimize: str = option(
        "accuracy", "The dev metric that chooses the best checkpoint."
    )
    satisfy: str | None = option(
        None, "Bounds it must keep: 'recall_min>=0.9,size_mb<=5'."
    )
    strategy: str = setting(
        "auto",
        "How steps spread over devices.",
        choices=("auto", "one_device", "mirrored"),
    )
    precision: str = option(
        "float32",
        "Type in which layers compute.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: str = setting(
        "auto",
        "Compile steps with XLA; auto: on one GPU only.",
        choices=("auto", "true", "false"),
    )
    steps_per_execution: int = setting(1, "Steps run in one call.")
    watch: str = setting(
        "none",
        "norms: log each layer's gradients and activations; "
        "cost: check that the full-batch cost falls at every step; "
        "gradients: check them against difference quotients.",
        choices=("none", "norms", "cost", "gradients"),
    )
    export: str = setting(
        "saved_model", "Formats to serve: saved_model,litert,onnx."
    )
    fold_batch_norm: bool = setting(
        False, "Fold batch norm into the layers before it at export."
    )
    format: str = setting(
        "table",
        "How predict prints its answers.",
        choices=("table", "json", "csv"),
    )
    overwrite: bool = setting(False, "Delete the run folder first.")

    def learned(self):
        """Returns the fields that change what is learned."""
        return {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if f.metadata["learned"]
        }
