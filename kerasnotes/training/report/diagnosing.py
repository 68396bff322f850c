"""The diagnosis of a run: for metrics.json, the terminal and the report."""

import dataclasses

from kerasnotes.diagnosis import (
    advice,
    components,
    intervals,
    learning_curves,
)
from kerasnotes.plots import components as ladder
from kerasnotes.plots import figures, page
from kerasnotes.plots import learning_curve as curve_plot
from kerasnotes.training.report import run_facts, tables

_LINES = 6


def diagnose(task, run, trained, data, answers, metrics):
    """Says where a run's error comes from, and what to try.

    Args:
        task: the `SupervisedTask`.
        run: the `Run`.
        trained: the `Trained`.
        data: the `Data`.
        answers: a dictionary of split to its `Answers`.
        metrics: a dictionary with the `score` of each split, and `best_epoch`
            and `parameters` where they are known.

    Returns:
        A JSON-able dictionary, a text for the terminal, and a list of blocks
        for the report. The figures are in the run's `figures`.
    """
    config = run.config
    measures = {
        name: task.error(trained, answers[name], metrics[name])
        for name in tables.SPLITS
        if name in answers
    }
    diagnosis = components.diagnose(
        measures,
        config.human_levels(),
        bool(trained.facts.get("synthetic")),
        _choices(metrics, config),
        _losses(metrics, trained.state),
    )
    points = trained.state and trained.state["curve"]
    curve = _curve(points, data.splits["train"].size, measures)
    facts = _run(trained, metrics, config, curve, diagnosis.problems)
    advised = advice.advise(diagnosis, task.remedies, facts)
    folder = run.folder / "figures"
    notes = [*task.notes(trained.facts), *diagnosis.notes]
    blocks = _blocks(diagnosis, notes, advised, folder)
    value = diagnosis.to_dict()
    value["advice"] = [dataclasses.asdict(a) for a in advised]
    if curve:
        value["learning_curve"] = curve.to_dict()
        blocks += _curve_blocks(curve, folder)
    return value, text(diagnosis, notes, advised, curve), blocks


@dataclasses.dataclass(frozen=True)
class _Curve:
    """Points of a learning curve, and what they say."""

    sizes: list
    measures: dict
    forecast: learning_curves.Forecast

    def to_dict(self):
        points = [
            {"size": size, **{n: m[i].error for n, m in self.measures.items()}}
            for i, size in enumerate(self.sizes)
        ]
        return {"points": points, "forecast": self.forecast.to_dict()}


def _curve(points, size, measures):
    """Return the curve that ends with the run itself, or None."""
    if points is None:
        return None
    everything = {
        "size": size,
        "train": measures["train"],
        "dev": measures["dev"],
    }
    points = [*points, everything]
    sizes = [p["size"] for p in points]
    dev = [p["dev"] for p in points]
    return _Curve(
        sizes,
        {"train": [p["train"] for p in points], "dev": dev},
        learning_curves.forecast(sizes, dev),
    )


def _choices(metrics, config):
    """Return among how many epochs dev chose, as far as that is known."""
    best, patience = metrics.get("best_epoch"), config.early_stop
    if best is None or patience is None:
        return config.epochs
    return min(config.epochs, best + patience)


def _losses(metrics, state):
    """Return the loss before the first step, and of the model kept.

    That is the lesser of train's and dev's, and no larger than any epoch's
    mean: batch norm's averages, which lag behind, are no divergence.
    """
    if not state or "first_loss" not in state:
        return None
    best = state["history"][state["best"]["epoch"] - 1]
    highest = max(row["loss"] for row in state["history"])
    train = metrics["train"].get("loss", highest)
    return state["first_loss"], min(train, best["val_loss"], highest)


def _run(trained, metrics, config, curve, problems):
    """Return the `RunFacts` that remedies look at."""
    model, data = trained.model, trained.facts
    settings = model.get_config()
    known = settings if "kernel_regularizer" in settings else None
    flags = dataclasses.asdict(config)
    # Where a flag isn't given, the model tells its default.
    flags |= {k: v for k, v in (known or {}).items() if flags.get(k, 0) is None}
    shape = model.input_shape
    return run_facts.RunFacts(
        flags=flags,
        problems=problems,
        train=data.get("train"),
        parameters=metrics.get("parameters"),
        best_epoch=metrics.get("best_epoch"),
        epochs=config.epochs,
        choices={
            field.name: field.metadata["choices"]
            for field in dataclasses.fields(config)
            if field.metadata["choices"]
        },
        arguments=known and frozenset(known),
        input_shape=shape[1:] if isinstance(shape, tuple) else None,
        more_data=curve and curve.forecast.verdict,
        data=data,
    )


def text(diagnosis, notes, advised=(), curve=None):
    """Return the lines for the terminal.

    Args:
        diagnosis: the `components.Diagnosis`.
        notes: sentences beside it.
        advised: the `advice.Remedy`s, if any.
        curve: the learning curve, or None.
    """
    rows = [
        (c.name, f"{intervals.percent(c.value)} %", _span(c, diagnosis))
        for c in diagnosis.components
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    lines = [
        f"  {name:{widths[0]}}  {value:>{widths[1]}}  {ends}".rstrip()
        for name, value, ends in rows
    ]
    title = "diagnosis"
    if any(ends for *_, ends in rows):
        title += " (with 95 % intervals)"
    lines = [title, *lines, *(f"  {note}" for note in notes)]
    if curve:
        lines.append(curve.forecast.text)
    lines += diagnosis.verdict.split("; ")
    if not advised:
        return "\n".join(lines)
    lines.append("in order of promise:" if len(advised) > 1 else "next:")
    lines += [
        f"  {i}. {a.what}{a.example and f': {a.example}'}"
        for i, a in enumerate(advised[:_LINES], 1)
    ]
    left = len(advised) - _LINES
    if left > 0:
        lines.append(f"  and {left} more in the report")
    return "\n".join(lines)


def _span(component, diagnosis):
    """Return the interval in brackets; nothing where there is no count."""
    pair = component.over, component.under
    if all(diagnosis.measures[name].examples is None for name in pair):
        return ""
    return f"({intervals.span(component.low, component.high)})"


def _blocks(diagnosis, notes, advised, folder):
    rungs = [
        (name.replace("_", "-"), m.error, *m.interval)
        for name, m in diagnosis.measures.items()
    ]
    gaps = [
        (
            c.name,
            f"{intervals.percent(c.value)} % {_span(c, diagnosis)}".rstrip(),
            c.name in diagnosis.problems,
        )
        for c in diagnosis.components
    ]
    path = folder / "diagnosis.png"
    figures.save(ladder.components(rungs, gaps), path)
    rows = [[a.what, a.why, a.example] for a in advised]
    verdict = diagnosis.verdict[:1].upper() + diagnosis.verdict[1:] + "."
    return [
        page.Heading("Diagnosis"),
        page.Text(" ".join([verdict, *notes])),
        page.Picture(
            path,
            "The errors of the model kept, without augmentation or dropout, "
            "and what lies between them.",
            "Error of humans, train, dev and test, with the differences named",
            chart=True,
        ),
        page.Table(
            ["what to try", "why", "flags"],
            rows,
            "In order of promise.",
            # Flags stay whole.
            numeric=(2,),
        ),
    ]


def _curve_blocks(curve, folder):
    forecast = curve.forecast
    ends = forecast.law and (forecast.twice, forecast.low, forecast.high)
    rows = {
        name: [(m.error, *m.interval) for m in measures]
        for name, measures in curve.measures.items()
    }
    path = folder / "learning_curve.png"
    figures.save(
        curve_plot.learning_curve(curve.sizes, rows, forecast.law, ends), path
    )
    text = forecast.text[:1].upper() + forecast.text[1:] + "."
    return [
        page.Heading("Would more data help?"),
        page.Text(text),
        page.Picture(
            path,
            "Each point is a model trained on so many examples, with equal "
            "steps; the open one is what the dashed law says of twice as many.",
            "Train and dev error by the number of training examples",
            chart=True,
        ),
    ]
