"""Report on training runs, finished or not: `python -m pix2pix.report RUN [RUN ...] --output DIR`."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pix2pix.config import TrainConfig, is_path
from pix2pix.fid.accuracy import NAMES, PAPER
from pix2pix.files import replacing
from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.progress import duration
from pix2pix.release import ReleaseError
from pix2pix.report.charts import Chart, loss_charts, score_charts, speed_charts
from pix2pix.report.runs import ACCURACIES, DISTANCES, ReportError, Run, read_runs
from pix2pix.report.scores import AccuracyTable, Table, accuracy_tables, measure_of, published_fid, score_tables
from pix2pix.report.sheets import Sheet, comparison_grid, epoch_strip
from pix2pix.run_folder import RunFolderError
from pix2pix.trainer import LOSS_NAMES

SCORE_COLUMNS = ("epoch", "split", "n", "weights", "dims", *DISTANCES, "seconds")
ACCURACY_COLUMNS = ("epoch", "n", "segmenter", *ACCURACIES)
LOG_COLUMNS = ("epoch", "step", *LOSS_NAMES["gan"], "pictures_per_second", "seconds")


@dataclass(frozen=True)
class Chapter:
    """The part of the page about one dataset."""

    dataset: str
    runs: list[Run]
    tables: list[Table]
    accuracy_tables: list[AccuracyTable]
    score_charts: list[Chart]
    loss_charts: list[Chart]
    speed_charts: list[Chart]
    strip: Sheet | None
    grid: Sheet | None

    @property
    def inputs(self) -> str:
        """What the models translate, in words."""
        return self.runs[0].trained_on.names[0] + "s"

    @property
    def targets(self) -> str:
        """What they translate it into."""
        return self.runs[0].trained_on.names[1] + "s"

    @property
    def has_published(self) -> bool:
        """Whether published numbers are beside their own."""
        return bool(published_fid(self.runs[0].config))


def chapter(dataset: str, runs: list[Run], photos: bool) -> Chapter:
    """Collect tables, charts and images of the runs on a dataset."""
    tables = score_tables(runs)
    curves = [chart for table in tables if table.measure for chart in score_charts(runs, table.measure)]
    strip, grid = epoch_strip(runs, photos), comparison_grid(runs, photos)
    return Chapter(
        dataset, runs, tables, accuracy_tables(runs), curves, loss_charts(runs), speed_charts(runs), strip, grid
    )


def settings(run: Run) -> dict[str, str]:
    """Return the settings, data and machine of a run in words, without paths."""
    config = {
        item.name.replace("_", " "): str(getattr(run.config, item.name))
        for item in fields(TrainConfig)
        if not is_path(item)
    }
    classes = run.trained_on.palette
    data = {
        "training pairs": str(run.trained_on.pairs or "unknown"),
        "palette": f"{len(classes)} classes, of the {run.trained_on.palette_of}" if classes else "none",
    }
    data |= {f"{split} images, fingerprint": value[:12] for split, value in run.data.items()}
    machine = {f"machine: {name}": value for name, value in run.machine.items()}
    inceptions = dict.fromkeys(measure_of(score).inception for score in run.scores)
    return config | data | machine | {"scored with": "; ".join(inceptions) or "not scored"}


def compare_settings(runs: Sequence[Run]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the settings in which runs differ, with a value for each run, and those that all share."""
    of_runs = [settings(run) for run in runs]
    names = dict.fromkeys(name for of_run in of_runs for name in of_run)
    values = {name: [of_run.get(name, "–") for of_run in of_runs] for name in names}
    shared = {name: row[0] for name, row in values.items() if len(set(row)) == 1}
    return {name: row for name, row in values.items() if name not in shared}, shared


def render(chapters: Sequence[Chapter], runs: Sequence[Run], photos: bool) -> str:
    """Render the page. All text from files is escaped; the page loads nothing."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"distance": lambda value: f"{value:.{2 if value >= 10 else 3}f}", "duration": duration}
    differing, common = compare_settings(runs)
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    page = environment.get_template("page.html")
    return page.render(
        chapters=chapters,
        runs=runs,
        differing=differing,
        common=common,
        photos=photos,
        made=made,
        accuracy_names=NAMES,
        paper=PAPER,
    )


def summary(runs: Sequence[Run], photos: bool) -> dict[str, Any]:
    """Return the numbers of the page as plain values."""
    return {
        "photos": photos,
        "runs": [
            {
                "dataset": run.config.dataset,
                "label": run.label,
                "folder": run.name,
                "settings": settings(run),
                "data": run.data,
                "epochs": run.epochs,
                "training_seconds": run.training_seconds,
                "scoring_seconds": run.scoring_seconds,
                "pictures_per_second": run.pictures_per_second,
                "released": {"sha256": run.released[0], "epoch": run.released[1]} if run.released else None,
                "accuracies": run.accuracies,
                "scores": [{name: score[name] for name in SCORE_COLUMNS} for score in run.scores],
            }
            for run in runs
        ],
        "published_fid": {run.subject: published_fid(run.config) for run in runs},
    }


def to_csv(records: Iterable[tuple[Run, dict[str, Any]]], columns: Sequence[str]) -> str:
    """Format the records of runs as CSV, one line per record."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["dataset", "objective", "run", *columns], restval="", lineterminator="\n")
    writer.writeheader()
    for run, record in records:
        writer.writerow({"dataset": run.config.dataset, "objective": run.config.objective, "run": run.label} | record)
    return text.getvalue()


def write(output: Path, runs: Sequence[Run], photos: bool) -> None:
    """Write the page and the files behind it; delete sheets of an earlier report, which may show photos."""
    subjects = dict.fromkeys(run.subject for run in runs)
    chapters = [chapter(subject, [run for run in runs if run.subject == subject], photos) for subject in subjects]
    sheets = [sheet for part in chapters for sheet in (part.strip, part.grid) if sheet]
    texts = {
        "scores.csv": to_csv(((run, score) for run in runs for score in run.scores), SCORE_COLUMNS),
        "accuracy.csv": to_csv(((run, record) for run in runs for record in run.accuracies), ACCURACY_COLUMNS),
        "training.csv": to_csv(((run, record) for run in runs for record in run.log), LOG_COLUMNS),
        "report.json": json.dumps(summary(runs, photos), indent=2) + "\n",
        "index.html": render(chapters, runs, photos),
    }
    output.mkdir(parents=True, exist_ok=True)
    for sheet_file in (path for kind in ("strip", "grid") for path in output.glob(f"{kind}-*.png")):
        sheet_file.unlink()
    for sheet in sheets:
        with replacing(output / f"{sheet.name}.png") as file:
            sheet.image().save(file, "PNG")
    for name, text in texts.items():
        with replacing(output / name) as file:
            file.write(text.encode(errors="backslashreplace"))  # names of files may hold bytes of other encodings


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m pix2pix.report", description="Report on training runs, finished or not, on one page."
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folder, which is only read")
    parser.add_argument(
        "--output",
        type=folder_to_write,
        required=True,
        metavar="DIR",
        help="folder for the page, index.html, and its files",
    )
    parser.add_argument(
        "--no-photos",
        action="store_true",
        help="leave out the dataset's photos and label images, so that the page can be shared",
    )
    flags = parser.parse_args(arguments)
    try:
        write(flags.output, read_runs(flags.runs), not flags.no_photos)
    except (OSError, ReleaseError, ReportError, RunFolderError) as error:
        complain(error)
        return 1
    print(flags.output / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
