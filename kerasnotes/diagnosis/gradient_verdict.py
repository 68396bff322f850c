"""What a gradient check found, and what it means."""

import dataclasses

GOOD, LOOK, WRONG = 1e-7, 1e-5, 1e-3


@dataclasses.dataclass(frozen=True)
class VariableCheck:
    """The check of one variable.

    Attributes:
        path: the variable's path.
        ratio: `‖g - ĝ‖ / (‖g‖ + ‖ĝ‖)` over the entries checked.
        entries: how many entries were checked.
        worst: index of the entry where `g` and `ĝ` differ most.
        gradient: `g` there, from the backward pass.
        estimate: `ĝ` there, from the difference quotient.
    """

    path: str
    ratio: float
    entries: int
    worst: tuple
    gradient: float
    estimate: float

    @property
    def verdict(self):
        """`good` under 1e-7, else `acceptable`; over 1e-5 `look`; over 1e-3
        `wrong`.
        """
        return _verdict(self.ratio)


@dataclasses.dataclass(frozen=True)
class GradientCheck:
    """The check of a model; prints as a table, the worst variable first.

    Attributes:
        ratio: the ratio over all entries checked.
        training: the mode the model ran in.
        variables: a `VariableCheck` for each trainable variable.
    """

    ratio: float
    training: bool
    variables: tuple

    @property
    def verdict(self):
        """The worst verdict of a variable."""
        return _verdict(max(v.ratio for v in self.variables))

    @property
    def offending(self):
        """Paths of the variables whose verdict is `look` or `wrong`."""
        return [v.path for v in self.variables if v.ratio > LOOK]

    def __str__(self):
        width = max(8, *(len(v.path) for v in self.variables))
        mode = "training" if self.training else "inference"
        lines = [
            f"{'variable':{width}}  verdict     ratio    entries  worst entry"
        ]
        for v in sorted(self.variables, key=lambda v: -v.ratio):
            lines.append(
                f"{v.path:{width}}  {v.verdict:10}  {v.ratio:.1e}  "
                f"{v.entries:7}  {list(v.worst)}: gradient {v.gradient:.6g}, "
                f"estimate {v.estimate:.6g}"
            )
        lines.append(f"overall {self.ratio:.1e}, in {mode} mode")
        return "\n".join(lines)


def _verdict(ratio):
    if ratio < GOOD:
        return "good"
    if ratio <= LOOK:
        return "acceptable"
    return "look" if ratio <= WRONG else "wrong"
