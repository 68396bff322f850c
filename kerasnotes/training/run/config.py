"""What every run can be told, as a frozen dataclass.

Each field carries its help text, its choices, and whether it changes what is
learned: a run goes on only under the same learned fields.
"""

import dataclasses
import math

from kerasnotes import errors, specs


def option(default, help, *, choices=None, bounds=None, learned=True):
    """Returns a dataclass field for one flag.

    Args:
        default: the default value.
        help: the flag's help text, one sentence.
        choices: the values allowed, or None.
        bounds: the least and the largest number allowed, or None.
        learned: whether another value makes another model.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "choices": choices,
            "bounds": bounds,
            "learned": learned,
        },
    )


def setting(default, help, **more):
    """Returns a field that leaves what is learned as it is."""
    return option(default, help, learned=False, **more)


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
    batch_size: int = option(
        64, "Examples a step, over all replicas.", bounds=(1, 2**31)
    )
    epochs: int = setting(
        30, "Passes over the training set; may grow.", bounds=(1, 10**6)
    )
    learning_rate: float = option(
        1e-3, "The learning rate, α₀.", bounds=(1e-30, 1e30)
    )
    optimizer: str = option(
        "adam", "name[:key=value,…]: Keras' own, or the notes' variants."
    )
    lr_schedule: str = option(
        "constant", "name[:key=value,…]: how the learning rate decays."
    )
    warmup_epochs: float = option(
        0.0,
        "Epochs over which the learning rate rises from 0.",
        bounds=(0, 10**6),
    )
    clip_norm: float | None = option(
        None, "Largest global norm of the gradient summed over replicas."
    )
    weight_average: float | None = option(
        None, "β of an exponentially weighted average of the weights."
    )
    l1: float = option(
        0.0, "λ of the L1 penalty λ/2m Σ|w| on kernels.", bounds=(0, 1e30)
    )
    l2: float = option(
        0.0, "λ of the L2 penalty λ/2m Σw² on kernels.", bounds=(0, 1e30)
    )
    seed: int = option(
        0,
        "Seed of weights, order, augmentation, dropout.",
        bounds=(0, 2**32 - 1),
    )
    deterministic: str = setting(
        "auto",
        "Bit-identical runs, without XLA; auto: on a CPU only.",
        choices=("auto", "true", "false"),
    )
    early_stop: int | None = option(
        None,
        "Stop after this many epochs without a better dev score.",
        bounds=(1, 10**6),
    )
    optimize: str = option(
        "accuracy", "The dev metric that chooses the best checkpoint."
    )
    satisfy: str | None = option(
        None, "Bounds it must keep: 'recall_min>=0.9,size_mb<=5'."
    )
    human_error: float | None = setting(
        None,
        "Error of the best humans, from which bias is measured: the share of "
        "wrong answers, or of the target's variance.",
        bounds=(0, 1),
    )
    learning_curve: str | None = setting(
        None,
        "Train on these shares of the training set too: '0.1,0.25,0.5'.",
    )
    strategy: str = setting(
        "auto",
        "How steps spread over devices: auto takes the TPU, the workers of "
        "TF_CONFIG, or the GPUs that there are.",
        choices=("auto", "one_device", "mirrored", "multi_worker", "tpu"),
    )
    logical_cpus: int = setting(
        1, "Parts to split the CPU into, to try --strategy.", bounds=(1, 64)
    )
    precision: str = option(
        "float32",
        "Type in which layers compute.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: str = setting(
        "auto",
        "Compile steps with XLA; auto: on one GPU, for inputs of one size.",
        choices=("auto", "true", "false"),
    )
    steps_per_execution: int = setting(
        1, "Steps run in one call.", bounds=(1, 10**6)
    )
    profile: str | None = setting(
        None,
        "Trace steps from,to of an epoch for TensorBoard: '10,20'; pip "
        "install xprof to look at it.",
    )
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

    def check(self):
        """Refuses numbers that no run can use.

        Raises:
            UserError: a number is infinite or out of its bounds.
        """
        # Options of the tools take this check too.
        profile = getattr(self, "profile", None)
        if profile is not None:
            specs.span("--profile", profile)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise errors.UserError(
                    f"--{field.name}: must be finite. Received: {value}"
                )
            bounds = field.metadata["bounds"]
            if bounds and value is not None:
                least, most = bounds
                if not least <= value <= most:
                    raise errors.UserError(
                        f"--{field.name}: must be from {least:g} to "
                        f"{most:g}. Received: {value}"
                    )
