"""The report of supervised learning: every split, and what is wrong."""

from kerasnotes.plots import curves, digits, figures, page
from kerasnotes.training import records
from kerasnotes.training.fit import evaluating, loop
from kerasnotes.training.report import diagnosing, tables


def report(task, run, trained, data):
    """Evaluate, diagnoses and reviews; return the `Report`.

    Args:
        task: the `SupervisedTask`.
        run: the `Run`.
        trained: the `Trained`, fresh from `learn`.
        data: the `Data`.
    """
    config, state = run.config, trained.state
    answers, scores = evaluate(task, trained, data)
    metrics = {
        "model": trained.model.name,
        "parameters": trained.model.count_params(),
        "best_epoch": state["best"]["epoch"],
        "chosen": trained.decisions,
        **scores,
        **_speed(data, config, state),
    }
    _tell_bounds(config.selection().bounds, scores["dev"])
    metrics["diagnosis"], verdict, blocks = diagnosing.diagnose(
        task, run, trained, data, answers, metrics
    )
    headline = task.headline(trained.facts)
    return records.Report(
        " on ".join(
            filter(None, (trained.model.name, task.subject(trained.facts)))
        ),
        f"{metrics['parameters']:,} parameters, {data.splits['train'].size:,} "
        "training examples",
        metrics,
        [
            _facts(metrics, state, headline),
            *blocks,
            *task.review(run, trained, data, answers),
            *_curves(run, metrics, state),
            *_findings(state["findings"]),
            *_nudges(state["nudges"]),
            page.Heading("Metrics"),
            page.Table(
                *tables.metrics_rows(metrics),
                "Of the model kept, in inference mode.",
            ),
            *map(page.Text, tables.absences(metrics)),
        ],
        f"{tables.metrics_text(metrics)}\n{verdict}",
    )


def evaluate(task, trained, data):
    """Return the answers to every split, and their scores.

    Args:
        task: the `SupervisedTask`.
        trained: the `Trained`.
        data: the `Data`.

    Returns:
        Two dictionaries by the splits' names.
    """
    answers = {
        name: evaluating.answered(task, trained, split)
        for name, split in data.splits.items()
    }
    return answers, {n: task.score(trained, a) for n, a in answers.items()}


def _speed(data, config, state):
    train = data.splits["train"]
    steps = loop.steps_per_epoch(data.splits, config)
    # Batches of like length aren't all whole.
    examples = min(steps * config.batch_size, train.size)
    seconds = max(state["seconds"], 1e-9)
    return {
        "batch_size": loop.batch_size(data.splits, config),
        "seconds": round(state["seconds"], 3),
        "examples_per_second": round(
            examples * len(state["history"]) / seconds, 1
        ),
    }


def _tell_bounds(bounds, scores):
    for bound in bounds:
        value = scores[bound.name]
        verdict = "kept" if bound.holds(value) else "BROKEN"
        print(f"--satisfy: {bound} is {verdict} on dev: {digits.text(value)}")


def _facts(metrics, state, headline):
    facts = [
        (f"{name} {headline}", digits.text(metrics[name][headline]))
        for name in reversed(tables.SPLITS)
        if name in metrics and headline in metrics[name]
    ]
    epochs = len(state["history"])
    facts.append(("best epoch", f"{metrics['best_epoch']} of {epochs}"))
    facts.append(("batch size", f"{metrics['batch_size']:,}"))
    facts.append(("training time", f"{metrics['seconds']:.0f} s"))
    return page.Facts(facts)


def _curves(run, metrics, state):
    path, best = run.folder / "figures" / "curves.png", metrics["best_epoch"]
    metric = run.config.selection().metric
    figure = curves.curves(state["history"], metric, best)
    figures.save(figure, path)
    return [
        page.Heading("Learning curves"),
        page.Picture(
            path,
            "Each epoch's mean over training against dev. "
            f"Epoch {best} was kept.",
            "Loss and metric over the epochs, train against dev",
            chart=True,
        ),
    ]


def _findings(texts):
    if not texts:
        return []
    return [page.Heading("What --watch found"), *map(page.Code, texts)]


def _nudges(nudges):
    if not nudges:
        return []
    rows = [[n["epoch"], n["key"], str(n["value"])] for n in nudges]
    return [
        page.Heading("Nudged"),
        page.Table(
            ["after epoch", "what", "to"], rows, "What nudge.json changed."
        ),
    ]
