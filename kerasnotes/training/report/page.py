"""The page of a run, report.html."""

from kerasnotes import files
from kerasnotes.plots import page


def write(folder, report, command):
    """Write report.html.

    Args:
        folder: the run's folder.
        report: the `Report`.
        command: the command line that makes this run.
    """
    saved = files.read_json(folder / "config.json")
    flags = saved["flags"].items()
    packages = ", ".join(f"{k} {v}" for k, v in saved["packages"].items())
    page.write(
        folder / "report.html",
        report.title,
        report.subtitle,
        [
            *report.blocks,
            page.Heading("Run it again"),
            page.Code(command),
            page.Text(
                f"Python {saved['python']}, revision "
                f"{saved['git_revision'] or 'unknown'}, {packages}."
            ),
            page.Table(
                ["flag", "value"],
                [[f"--{name}", str(value)] for name, value in flags],
                "What the flags were.",
            ),
        ],
    )
