"""One metric to optimise, the others to satisfy."""

import ast
import dataclasses
import math
import re

from kerasnotes import errors

_SMALLER_IS_BETTER = frozenset(
    {
        "loss",
        "error",
        "mse",
        "mae",
        "weighted_mse",
        "latency_ms",
        "size_mb",
        "false_alarms",
    }
)
_AT_EXPORT = frozenset({"latency_ms", "size_mb"})
# Of whatever a task measures.
_ERROR = re.compile(
    r"(^|_)(loss|error|mse|mae|mape|msle|rmse|nme|eer|cer|wer|perplexity)$"
)
_BOUND = re.compile(r"\s*(\w+)\s*(>=|<=)\s*(\S+)\s*")

# Metrics computed in float32 meet a bound that they equal but for rounding.
_ROUNDING = 1e-6


def smaller_is_better(name):
    """Return whether a metric of that name is the better the smaller.

    A weighted sum of metrics is better larger, whatever they are.

    >>> smaller_is_better("latency_ms"), smaller_is_better("accuracy")
    (True, False)
    >>> smaller_is_better("rmse"), smaller_is_better("reconstruction_loss")
    (True, True)
    """
    known = name in _SMALLER_IS_BETTER or bool(_ERROR.search(name))
    return known and name.isidentifier()


@dataclasses.dataclass(frozen=True)
class Bound:
    """A bound on a metric: `recall_min>=0.9`.

    Attributes:
        name: the metric.
        relation: `>=` or `<=`.
        limit: the value it must keep to.

    >>> Bound("size_mb", "<=", 5).holds(6.2)
    False
    """

    name: str
    relation: str
    limit: float

    def violation(self, value):
        """Return how far `value` is beyond the limit, as a share of it."""
        over = value - self.limit
        if self.relation == ">=":
            over = -over
        share = over / (abs(self.limit) or 1.0)
        if math.isnan(share):
            return math.inf
        return share if share > _ROUNDING else 0.0

    def holds(self, value):
        """Return whether `value` keeps to the limit."""
        return not self.violation(value)

    def __str__(self):
        return f"{self.name}{self.relation}{self.limit:g}"


class Selection:
    """Chooses among models: the best metric, bounds on the others kept.

    Among the candidates that keep every bound the one with the best
    optimising metric wins; where none keeps them, the one that breaks them
    least, as the sum of shares of the limits. Ties go to the lower loss, then
    to the earlier. Losses, errors, latency, size and false alarms are better
    smaller, everything else larger.

    Several metrics become one number as their weighted sum,
    `Σ weight · metric`, of which the largest is the best.

    Args:
        optimize: name of the metric to optimise, or a sum, as
            `accuracy - 0.5*loss`.
        satisfy: bounds, as `recall_min>=0.9,latency_ms<=100`, or None.

    Attributes:
        weights: dictionary of metric to its weight in what is optimised.
        bounds: `Bound`s on metrics that checkpoints are chosen by.
        export_bounds: `Bound`s on `latency_ms` and `size_mb`, which differ
            from one machine and run to the next: `better` leaves them out,
            as it does in a sum, and they are checked on the exported model.

    Raises:
        UserError: `optimize` or `satisfy` can't be read.

    Example:
    >>> chooser = Selection("accuracy", "latency_ms<=100")
    >>> chooser.choose(
    ...     [
    ...         {"accuracy": 0.90, "latency_ms": 80},
    ...         {"accuracy": 0.92, "latency_ms": 95},
    ...         {"accuracy": 0.95, "latency_ms": 1500},
    ...     ]
    ... )
    {'accuracy': 0.92, 'latency_ms': 95}
    >>> Selection("accuracy - 0.5*loss").value({"accuracy": 0.9, "loss": 0.4})
    0.7

    Source: course 3, "Single number evaluation metric" and "Satisficing and
    optimizing metric".
    """

    def __init__(self, optimize, satisfy=None):
        self.optimize = optimize
        self.weights = _weights(optimize)
        bounds = [_parse(text) for text in (satisfy or "").split(",") if text]
        self.export_bounds = [b for b in bounds if b.name in _AT_EXPORT]
        self.bounds = [b for b in bounds if b.name not in _AT_EXPORT]

    @property
    def metric(self):
        """The metric that stands for what is optimised: of a sum its first."""
        return next((n for n in self.weights if n not in _AT_EXPORT), None)

    @property
    def at_export(self):
        """Names of the metrics needed that only an exported model has."""
        names = [*self.weights, *(bound.name for bound in self.export_bounds)]
        return [n for n in dict.fromkeys(names) if n in _AT_EXPORT]

    def value(self, metrics):
        """Return what is optimised, of a dictionary of metrics.

        Without `latency_ms` and `size_mb`, a sum is that of the others.
        """
        if self.optimize in self.weights:
            return metrics[self.optimize]
        return sum(
            weight * metrics[name]
            for name, weight in self.weights.items()
            if name in metrics or name not in _AT_EXPORT
        )

    def scored(self, metrics):
        """Return the metrics with what is optimised among them."""
        return metrics | {self.optimize: self.value(metrics)}

    def check(self, names):
        """Raise `UserError` if a metric named is none of `names`."""
        for name in self.weights:
            if name not in names and self.optimize == name:
                raise errors.unknown("--optimize", name, names)
            if name not in names and name not in _AT_EXPORT:
                raise errors.unknown(f"--optimize={self.optimize}", name, names)
        for bound in self.bounds:
            if bound.name not in names:
                raise errors.unknown("--satisfy", bound.name, names)

    def better(self, candidate, best):
        """Return whether a later candidate beats the best so far.

        Args:
            candidate: a dictionary of metrics.
            best: the same for the best so far, or None.
        """
        self.check(candidate)
        if best is None:
            return True
        return self._rank(candidate, self.bounds) < self._rank(
            best, self.bounds
        )

    def choose(self, candidates):
        """Return the best of the dictionaries, by all bounds."""
        bounds = self.bounds + self.export_bounds
        for candidate in candidates:
            self.check(candidate)
        return min(candidates, key=lambda c: self._rank(c, bounds))

    def _rank(self, candidate, bounds):
        value = self.value(candidate)
        if not smaller_is_better(self.optimize):
            value = -value
        rank = (
            sum(bound.violation(candidate[bound.name]) for bound in bounds),
            value,
            candidate.get("loss", 0.0),
        )
        # Comparisons with NaN are false whichever way they are made.
        return tuple(math.inf if math.isnan(r) else r for r in rank)


def _parse(text):
    match = _BOUND.fullmatch(text)
    try:
        name, relation, limit = match.groups()
        return Bound(name, relation, float(limit))
    except (AttributeError, ValueError) as error:
        raise errors.UserError(
            "--satisfy: bounds are name>=number or name<=number, with commas "
            f"between. Received: {text!r}; write 'recall_min>=0.9'"
        ) from error


def _weights(text):
    """Return the weight of each metric in a name or a sum."""
    if text.isidentifier():
        return {text: 1.0}
    try:
        weights = _linear(ast.parse(text.strip(), mode="eval").body)
        number = weights.pop("", 0.0)
        finite = all(map(math.isfinite, weights.values()))
        if number or not finite or not set(weights) - _AT_EXPORT:
            raise ValueError(text)
    except (
        ArithmeticError, MemoryError, RecursionError, SyntaxError, ValueError
    ) as error:  # fmt: skip
        raise errors.UserError(
            "--optimize: a metric, or a sum of metrics times numbers, one at "
            "least beside latency_ms and size_mb. Received: "
            f"{text!r}; write 'accuracy - 0.5*loss'"
        ) from error
    return weights


def _linear(node):
    """Return a weight for each name, and under "" the number beside them."""
    match node:
        case ast.Name(id=name):
            return {name: 1.0}
        case ast.Constant(value=value) if type(value) in (int, float):
            return {"": float(value)}
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _times(-1.0, _linear(inner))
        case ast.BinOp(left=left, op=operator, right=right):
            one, other = _linear(left), _linear(right)
        case _:
            raise ValueError(ast.dump(node))
    match operator:
        case ast.Add() | ast.Sub():
            other = _times(
                -1.0 if isinstance(operator, ast.Sub) else 1.0, other
            )
            names = dict.fromkeys([*one, *other])
            return {n: one.get(n, 0.0) + other.get(n, 0.0) for n in names}
        case ast.Mult() if set(one) == {""}:
            return _times(one[""], other)
        case ast.Mult() if set(other) == {""}:
            return _times(other[""], one)
        case ast.Div() if set(other) == {""}:
            return _times(1 / other[""], one)
    raise ValueError(ast.dump(node))


def _times(factor, weights):
    return {name: factor * weight for name, weight in weights.items()}
