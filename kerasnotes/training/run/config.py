"""The flags of every run, as frozen dataclasses.

Each field carries its help text, its choices, and whether it changes what is
learned: a run goes on only under the same learned fields. `RunConfig` is what
every run has, `FitConfig` what learning by `fit` has; a task's own Config
adds to one of them.
"""

import dataclasses
import typing

from kerasnotes import choices as choices_lib
from kerasnotes import errors, flag_paths, specs
from kerasnotes.diagnosis import human_level
from kerasnotes.diagnosis import selection as selection_lib
from kerasnotes.training.run import options


class _Full(int):
    """The batch size of full-batch gradient descent, written as its word.

    >>> f"--batch_size={_Full(7)}"
    '--batch_size=all'
    """

    def __str__(self) -> str:
        return "all"


ALL = _Full(2**31)
"""What `--batch_size=all` is: more than any training set has."""

option, setting = options.option, options.setting


def redefault(
    name: str,
    default: typing.Any,
    help: str | None = None,
    of: type | None = None,
) -> typing.Any:
    """Return a field of a class of flags with another default.

    Args:
        name: the field's name.
        default: the new default.
        help: another help text, or None for the same.
        of: the class; None for `FitConfig`.

    >>> redefault("epochs", 100).metadata["bounds"]
    (1, 1000000)
    """
    fields = {
        field.name: field for field in dataclasses.fields(of or FitConfig)
    }
    metadata = dict(fields[name].metadata)
    if help is not None:
        metadata["help"] = help
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """The flags of every run."""

    # Those to make smaller where memory is short.
    memory_flags: typing.ClassVar[tuple] = ("batch_size",)

    mode: str = setting(
        "train",
        "Train (or resume), evaluate, predict, or export.",
        choices=("train", "evaluate", "predict", "export"),
    )
    run_dir: str = setting("", "Run folder; default runs/<task>.")
    dataset: str = option(
        "",
        "Data set: a built-in name, a TFDS name, or a path.",
        path=flag_paths.absolute,
    )
    data_dir: str | None = setting(
        None,
        "Folder of TFDS' data sets; default TFDS' own.",
        path=flag_paths.anywhere,
    )
    batch_size: int = option(
        64,
        "Global batch size: examples per step, over all replicas; all: the "
        "training set, for full-batch gradient descent. The notes take all up "
        "to 2,000 examples, else a power of two from 64 to 512.",
        bounds=(1, ALL),
        words={"all": ALL},
    )
    seed: int = option(
        0,
        "Seed of initial weights, shuffling, augmentation and dropout.",
        bounds=(0, 2**32 - 1),
    )
    deterministic: str = setting(
        "auto",
        "Bit-identical runs, without XLA: true, false, or auto (on a CPU "
        "only).",
        choices=("auto", "true", "false"),
    )
    strategy: str = setting(
        "auto",
        "Distribution strategy; auto: the TPU, the workers of TF_CONFIG, "
        "all GPUs, or one device.",
        choices=("auto", "one_device", "mirrored", "multi_worker", "tpu"),
    )
    logical_cpus: int = setting(
        1,
        "Logical devices to split the CPU into, to try --strategy.",
        bounds=(1, 64),
    )
    precision: str = option(
        "float32",
        "Dtype policy of the layers.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: str = setting(
        "auto",
        "XLA compilation of the steps: true, false, or auto (on one GPU, "
        "for inputs of one size).",
        choices=("auto", "true", "false"),
    )
    export: str = setting(
        "saved_model",
        "Export formats: saved_model,litert,onnx.",
        shown=True,
    )
    format: str = setting(
        "table",
        "Output format of --mode=predict.",
        choices=("table", "json", "csv"),
    )
    overwrite: bool = setting(
        False, "Delete what a run has written there, and train anew."
    )

    def __post_init__(self) -> None:
        flags = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self)
        }
        for name, value in options.resolved(type(self), flags).items():
            # The way of a frozen dataclass.
            object.__setattr__(self, name, value)

    def learned(self) -> dict[str, typing.Any]:
        """Return the fields that change what is learned."""
        return {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if f.metadata["learned"]
        }

    def check(self) -> None:
        """Refuses flags that no run can use, before anything is loaded.

        Raises:
            UserError: a number is infinite or out of its bounds.
        """
        options.check_bounds(self)

    def growth_note(self, before: dict) -> str | None:
        """Return what to say of a run that goes on for longer, or None.

        Args:
            before: the flags of the run so far.
        """
        return None

    @property
    def subject(self) -> str:
        """What the run learns from, as a title says it."""
        return flag_paths.short(self.dataset)


@dataclasses.dataclass(frozen=True)
class FitConfig(RunConfig):
    """The flags of learning by `fit`."""

    epochs: int = setting(
        30,
        "Passes over the training set; a finished run continues with more.",
        bounds=(1, 10**6),
        grows=True,
    )
    learning_rate: float = option(
        1e-3, "Initial learning rate α₀.", bounds=(1e-30, 1e30)
    )
    optimizer: str = option(
        "adam",
        "Optimizer, as name[:key=value,…]; with the defaults: "
        f"{choices_lib.listed(choices_lib.OPTIMIZERS)}; of Keras' also "
        "weight_decay. Momentum: notes_momentum is v = βv + (1-β)g, w = w - "
        "αv; sgd is v = βv - αg, w = w + v, the same at a constant rate of "
        "α(1-β).",
    )
    lr_schedule: str = option(
        "constant",
        "Learning-rate schedule, as name[:key=value,…]; with the defaults: "
        f"{choices_lib.listed(choices_lib.SCHEDULES)}.",
    )
    warmup_epochs: float = option(
        0.0,
        "Epochs of linear warm-up of the learning rate from 0.",
        bounds=(0, 10**6),
    )
    clip_norm: float | None = option(
        None,
        "Largest global norm of the gradient, clipped after the sum over "
        "replicas; 0: none.",
        bounds=(0, 1e30),
    )
    clip_value: float | None = option(
        None,
        "Largest magnitude of a component of the gradient, clipped after the "
        "sum over replicas; 0: none. Instead of --clip_norm.",
        bounds=(0, 1e30),
    )
    weight_average: float | None = option(
        None,
        "Decay β of an exponentially weighted average of the weights; "
        "default none.",
    )
    l1: float = option(
        0.0,
        "λ of the L1 penalty λ/2m Σ|w| on kernels, m the training examples; "
        "where notes print λ/m, give twice their λ.",
        bounds=(0, 1e30),
    )
    l2: float = option(
        0.0,
        "λ of the L2 penalty λ/2m Σw² on kernels, m the training examples.",
        bounds=(0, 1e30),
    )
    early_stop: int | None = option(
        None,
        "Patience of early stopping: epochs without a better dev score; "
        "default none.",
        bounds=(1, 10**6),
    )
    optimize: str = option(
        "loss",
        "Optimizing metric: the dev metric that selects the best checkpoint, "
        "or a sum, as 'accuracy - 0.5*loss'.",
    )
    satisfy: str | None = option(
        None,
        "Satisficing metrics: bounds to keep, as 'recall_min>=0.9,size_mb<=5'.",
    )
    human_error: str | None = setting(
        None,
        "Human-level error, from which avoidable bias is measured: a share "
        "of wrong answers, or of the target's variance, or several by name, "
        "as 'typical=3%,expert=1%', of which the lowest counts; default 0.",
        shown=True,
    )
    learning_curve: str | None = setting(
        None,
        "Learning curve: shares of the training set to train on too, as "
        "'0.1,0.25,0.5'.",
        shown=True,
    )
    steps_per_execution: int = setting(
        1,
        "Training steps per call of the compiled function.",
        bounds=(1, 10**6),
    )
    watch: str = setting(
        "none",
        "Checks during training. norms: log each layer's gradient and "
        "activation norms; cost: say how the full-batch cost goes, step by "
        "step: smooth descent, oscillation, divergence, plateau; "
        "gradients: compare with difference quotients.",
        choices=("none", "norms", "cost", "gradients"),
    )
    fold_batch_norm: bool = setting(
        False,
        "Fold batch normalization into the preceding layers at export.",
        shown=True,
    )
    profile: str | None = setting(
        None,
        "Steps of an epoch to profile for TensorBoard, as '10,20'; pip "
        "install xprof shows them.",
    )

    def check(self) -> None:
        """Refuses also what `fit` can't use.

        Raises:
            UserError: see above.
        """
        super().check()
        if self.clip_norm and self.clip_value:
            raise errors.UserError(
                f"--clip_norm={self.clip_norm:g}, "
                f"--clip_value={self.clip_value:g}: one of them clips the "
                "gradient; give the other as 0"
            )
        if self.profile is not None:
            specs.span("--profile", self.profile)
        self.selection()
        self.human_levels()
        self.curve_shares()

    def selection(self) -> selection_lib.Selection:
        """Return the `Selection` of `--optimize` and `--satisfy`."""
        return selection_lib.Selection(self.optimize, self.satisfy)

    def human_levels(self) -> dict[str, float] | None:
        """Return the human levels by name, or None.

        Raises:
            UserError: `--human_error` can't be read.
        """
        if self.human_error is None:
            return None
        return human_level.levels("--human_error", self.human_error)

    def curve_shares(self) -> list[float]:
        """Return the shares that `--learning_curve` names, in order.

        Raises:
            UserError: they aren't numbers over 0 and up to 1.
        """
        shares = specs.numbers("--learning_curve", self.learning_curve, float)
        for share in shares or []:
            if not 0 < share <= 1:
                raise errors.UserError(
                    f"--learning_curve={self.learning_curve}: shares of the "
                    f"training set are over 0 and up to 1. Received: {share:g}"
                )
        return sorted(set(shares or []))

    def growth_note(self, before: dict) -> str | None:
        if "cosine" not in self.lr_schedule:
            return None
        return (
            f"--lr_schedule={self.lr_schedule} now ends at epoch "
            f"{self.epochs}, not {before['epochs']}: the rate rises anew"
        )
