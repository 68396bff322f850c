"""What a search found: the table, the pictures, the best command."""

from optuna.trial import TrialState

from kerasnotes import errors, files
from kerasnotes.diagnosis import selection
from kerasnotes.plots import page
from kerasnotes.tools.tune import figures as search_figures
from kerasnotes.tools.tune import trials
from kerasnotes.training.report import tables
from kerasnotes.training.run import flags as flags_lib


def finish(study):
    """Write the results once no trial is running, and print them.

    study.json, trials.csv, figures/parallel.png, figures/importance.png and
    report.html; the best trial alone is evaluated on test.

    Args:
        study: the `Study`.
    """
    with study.locked():
        running = [t.number for t in study.trials(TrialState.RUNNING)]
        if running:
            numbers = ", ".join(map(str, running))
            print(f"still running in other processes: trials {numbers}")
            return
        path = study.folder / "study.json"
        ranked = study.ranked()
        records = [*ranked, *_others(study)]
        print(_text(study, records))
        if not ranked:
            raise errors.UserError(
                "no trial came to its end; search smaller learning rates, in "
                "another --study_dir"
            )
        summary = _read(path)
        if summary.get("trials") != len(records):
            summary = _summary(study, ranked, records)
            _write(study, records, summary)
            # Written last: it says that the rest is whole.
            files.write_sealed(path, summary)
    print(_verdict(summary))
    print(f"report: {study.folder / 'report.html'}")


def _read(path):
    """Return what study.json holds; nothing where it is gone or damaged."""
    try:
        return files.read_sealed(path)
    except errors.UserError:
        return {}


def _others(study):
    """Return the records of pruned trials, the best first, and failed."""
    sign = 1 if selection.smaller_is_better(study.chooser.optimize) else -1
    pruned = study.trials(TrialState.PRUNED)
    return [
        *sorted(pruned, key=lambda t: sign * t.value),
        *study.trials(TrialState.FAIL),
    ]


def _rows(study, records):
    """Yield a dictionary for each trial."""
    for record in records:
        attributes = record.user_attrs
        yield {
            "trial": record.number,
            "state": record.state.name.lower().replace("fail", "failed"),
            **{d.name: record.params[d.name] for d in study.space},
            **_shown(study, attributes["dev"] or {}),
            "epochs": attributes["epochs"],
            "seconds": round(attributes["seconds"], 1),
            "reason": attributes["reason"] or "",
        }


def _shown(study, dev):
    """Return the dev metrics that chose."""
    chooser = study.chooser
    bounds = [b.name for b in chooser.bounds + chooser.export_bounds]
    names = dict.fromkeys([chooser.optimize, *chooser.weights, *bounds])
    return {f"dev {name}": dev.get(name) for name in names}


def _cells(study, records):
    """Return header and rows of the table."""
    rows = [dict(row) for row in _rows(study, records)]
    for row in rows:
        del row["reason"]
        # As they are drawn: four decimals hide a small rate.
        row |= {d.name: str(row[d.name]) for d in study.space}
        row["seconds"] = f"{row['seconds']:.1f}"
    return list(rows[0]), [list(row.values()) for row in rows]


def _text(study, records):
    return tables.text_table(*_cells(study, records))


def _summary(study, ranked, records):
    """Return what study.json holds; evaluates the best trial on test."""
    best = ranked[0]
    folder = study.run_folder(best.number)
    values, config = study.flags(best.params)
    run_dir = {"run_dir": str(study.folder / "best")}
    attributes = [record.user_attrs for record in records]
    program = f"trainers.{study.task_class.name}"
    return {
        "task": study.task_class.name,
        "search": study.config.search,
        "optimize": config.optimize,
        "satisfy": config.satisfy,
        "trials": len(records),
        "complete": len(ranked),
        "epochs": sum(t["epochs"] for t in attributes),
        "epochs_unpruned": len(records) * config.epochs,
        "seconds": round(sum(t["seconds"] for t in attributes), 1),
        "best": {
            "trial": best.number,
            "values": best.params,
            "dev": best.user_attrs["dev"],
            "test": _test(study, config, folder, best.user_attrs["dev"]),
            "command": flags_lib.command(program, values | run_dir),
            "folder": str(folder.path),
        },
    }


def _test(study, config, folder, dev):
    """Return the test metrics of a trial, or None without a test set.

    Latency and size are those of the model, measured beside dev.
    """
    with folder.locked(), trials.output(folder):
        task, trained, data = trials.learn(study, folder, config)
        if "test" not in data.splits:
            return None
        scores = trials.scores(task, trained, data.splits["test"])
    chooser = study.chooser
    exported = {n: dev[n] for n in chooser.at_export if n in chooser.weights}
    return chooser.scored(scores | exported)


def _verdict(summary):
    return "\n".join(
        [
            f"best: trial {summary['best']['trial']} of {summary['trials']}: "
            + _scores(summary),
            f"{summary['epochs']} of {summary['epochs_unpruned']} epochs "
            f"trained, {summary['seconds']:.0f} s in all trials",
            f"to train it anew: {summary['best']['command']}",
            f"its report, without training: {_again(summary)}",
        ]
    )


def _scores(summary):
    """Return dev beside test, and what lies between them."""
    name, dev, test = (
        summary["optimize"],
        summary["best"]["dev"],
        summary["best"]["test"],
    )
    text = f"dev {name} {dev[name]:.4f}"
    chooser = selection.Selection(name, summary["satisfy"])
    for bound in chooser.bounds + chooser.export_bounds:
        if not bound.holds(dev[bound.name]):
            text += f", {bound} BROKEN as in all trials: {dev[bound.name]:.4f}"
    if not test:
        return f"{text}; there is no test set to trust"
    return (
        f"{text}, test {name} {test[name]:.4f} "
        f"({test[name] - dev[name]:+.4f}): trust test, since on dev it was "
        f"chosen as the best of {summary['complete']}"
    )


def _again(summary):
    best = summary["best"]
    return flags_lib.command(
        f"trainers.{summary['task']}", {"run_dir": str(best["folder"])}
    )


def _write(study, records, summary):
    files.write_csv(study.folder / "trials.csv", list(_rows(study, records)))
    best, name = summary["best"], summary["optimize"]
    facts = [(f"dev {name}", f"{best['dev'][name]:.4f}")]
    if best["test"]:
        facts.insert(0, (f"test {name}", f"{best['test'][name]:.4f}"))
    share = summary["epochs"] / summary["epochs_unpruned"]
    facts += [
        ("trials", summary["trials"]),
        ("of all epochs trained", f"{share:.0%}"),
        ("training time", f"{summary['seconds']:.0f} s"),
    ]
    header, rows = _cells(study, records)
    page.write(
        study.folder / "report.html",
        f"Search: {study.task_class.name} on {study.base.dataset}",
        summary["search"],
        [
            page.Facts(facts),
            page.Text(f"The best trial: {_scores(summary)}."),
            page.Heading("The best command"),
            page.Code(best["command"]),
            page.Text("Its report, without training it again:"),
            page.Code(_again(summary)),
            page.Heading("Trials"),
            *search_figures.parallel(study, records),
            page.Heading("What mattered"),
            *search_figures.importance(study, records),
            page.Heading("All trials"),
            # Text too: what is drawn shall not wrap.
            page.Table(
                header, rows, "The best first.", tuple(range(1, len(header)))
            ),
        ],
    )
