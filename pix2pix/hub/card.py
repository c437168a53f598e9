"""What is published of a released folder: its files, its measured numbers, a model card with curves and generated samples, a licence."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from pix2pix.fid.measure import Measure
from pix2pix.files import replacing
from pix2pix.hub.curves import draw_charts
from pix2pix.painter import Painter
from pix2pix.release import (
    DISCRIMINATOR,
    LICENCE_NOTES,
    OBJECTIVES,
    ReleaseConfig,
    ReleaseError,
    weights_by_epoch,
    weights_of_epoch,
)
from pix2pix.report.charts import loss_charts, score_charts
from pix2pix.report.runs import Run, read_runs
from pix2pix.trainer import TrainConfig

EXAMPLES = Path(__file__).parents[2] / "demo" / "examples"
"""Label maps that the project has drawn itself: no picture of a dataset is ever published."""
CONDITIONS = ("n", "weights", "dims")
NOT_MEASURED = "not measured"
NUM_SAMPLES = 4
SAMPLE_SEED = 1
DATASETS = {"facades": "the CMP Facade Database (pix2pix packaging)", "cityscapes": "Cityscapes (pix2pix packaging)"}
LICENCES = {"facades": "cmp-facade-database-research", "cityscapes": "cityscapes-non-commercial"}


def pack(folder: Path, output: Path, name: str, epochs: Sequence[int] = ()) -> None:
    """Writes everything that is published of a released folder; what lies beside it in a run folder gives numbers and curves.

    Args:
        folder: A released folder; that of a run, such as RUN/release, or any other.
        output: Made if absent.
        name: The repository, "owner/name", which the card's lines of Python load.
        epochs: Earlier ones whose weights are published too.

    Raises:
        ReleaseError: If the folder cannot be used, or has no weights of one of the epochs.
        ReportError: If the run folder around it is broken.
    """
    painter = Painter.load(folder, precision="fp32")
    if missing := [epoch for epoch in epochs if epoch not in painter.earlier]:
        there = ", ".join(map(str, painter.earlier)) or "none"
        raise ReleaseError(
            f"{folder} has no weights of epoch {missing[0]}, which would be earlier than its own; there are: {there}"
        )
    config, run = painter.config, run_around(folder, painter.config.epochs)
    measure = None
    if run and run.scores:
        measure = best_measure(run)
        scores = last_scores(run, measure, config.epochs)
        config = replace(config, metrics=with_choice(scores, config.metrics) or config.metrics)
    output.mkdir(parents=True, exist_ok=True)
    (output / DISCRIMINATOR).unlink(missing_ok=True)
    for file_name in ("model.safetensors", DISCRIMINATOR):
        if (folder / file_name).is_file():
            shutil.copyfile(folder / file_name, output / file_name)
    for path in weights_by_epoch(output / "epochs").values():
        path.unlink()  # of an earlier packing, perhaps of another training
    for epoch in epochs:
        path = weights_of_epoch(output / "epochs", epoch)
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(painter.earlier[epoch], path)
    samples = paint_samples(painter)
    if samples:
        samples.save(output / "samples.png")
    charts = loss_charts([run]) + (score_charts([run], measure) if measure else []) if run else []
    if charts:
        draw_charts(charts).save(output / "curves.png")
    card = model_card(painter, config, run, name, samples is not None, bool(charts), epochs)
    licence = f"# Licence of these weights\n\n{licence_note(config)} The licence of the code does not cover them.\n"
    for file_name, text in {"config.json": config.to_json(), "README.md": card, "LICENSE.md": licence}.items():
        with replacing(output / file_name) as file:
            file.write(text.encode())


def run_around(folder: Path, epochs: int) -> Run | None:
    """The run that a released folder lies in, as it was after `epochs`; None where there is none."""
    parent = folder.resolve().parent
    if not (parent / "log.jsonl").is_file():
        return None
    (run,) = read_runs([parent])
    log, scores = ([record for record in records if record["epoch"] <= epochs] for records in (run.log, run.scores))
    return replace(run, log=log, scores=scores)


def measure_of(score: Mapping[str, Any]) -> Measure:
    return Measure(score["weights"], score["dims"])


def best_measure(run: Run) -> Measure:
    """The published Inception where it has scored, else another."""
    return max((measure_of(score) for score in run.scores), key=lambda found: (found.official, found.dims))


def floor_of(score: Mapping[str, Any]) -> str:
    """The distance between photographs, with the number of them where it is another than that of the score."""
    floor, n = score.get("real_floor"), score.get("real_floor_n")
    return NOT_MEASURED if not _are_numbers(floor, n) else f"{floor:.2f}" + (f" (n = {n})" if n != score["n"] else "")


def kernel_of(score: Mapping[str, Any]) -> str:
    kid, spread = score.get("kid"), score.get("kid_std")
    return f"{kid:.5f} ± {spread:.5f}" if _are_numbers(kid, spread) else NOT_MEASURED


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def last_scores(run: Run, measure: Measure, epoch: int) -> dict[str, Any]:
    """By split, the score of an epoch over the most pictures."""
    of_epoch = [score for score in run.scores if score["epoch"] == epoch and measure_of(score) == measure]
    unsaid = ("epoch", "split", "seconds")
    return {
        score["split"]: {name: score[name] for name in sorted(score) if name not in unsaid}
        for score in sorted(of_epoch, key=lambda score: (score["split"], score["n"]))
    }  # in one order, or every push would make a commit


def with_choice(scores: Mapping[str, Any], released: Mapping[str, Any]) -> dict[str, Any]:
    """Scores by split, and among how many the epoch was chosen where that was by the very same measure and n."""
    told = {}
    for split, score in scores.items():
        before = released.get(split, {})
        if "chosen_among" in before and all(before[name] == score[name] for name in CONDITIONS):
            score = score | {"chosen_among": before["chosen_among"]}
        told[split] = score
    return told


def paint_samples(painter: Painter) -> Image.Image | None:
    """A row of label maps, and below each its picture; None for a dataset without drawn maps."""
    columns = []
    for path in sorted((EXAMPLES / painter.config.dataset).glob("*.png"))[:NUM_SAMPLES]:
        drawn = np.asarray(Image.open(path).convert("RGB"))
        label_map, _ = painter.config.palette.from_image(drawn)
        columns.append(np.concatenate([drawn, painter.paint(label_map, SAMPLE_SEED)]))
    return Image.fromarray(np.concatenate(columns, 1)) if columns else None


def training_command(config: TrainConfig) -> str:
    """What to type for the same run; settings at their default and the places of a machine are left out."""
    unsaid = ("data_dir", "run_dir", "fid_weights", "workers", "num_processes", "tracker", "push_to_hub")
    launcher = ["torchrun", "--nproc-per-node", str(config.num_processes)] if config.num_processes > 1 else ["python"]
    words = [*launcher, "train.py"]
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name not in unsaid and value != item.default:
            words += ["--" + item.name.replace("_", "-"), str(value)]
    return shlex.join(words)


def licence_note(config: ReleaseConfig) -> str:
    return LICENCE_NOTES.get(
        config.dataset, f"Trained on {config.dataset}; its licence decides what may be done with the weights."
    )


def metadata(config: ReleaseConfig, name: str) -> ModelCardData:
    """The card's front matter."""
    results = [
        EvalResult(
            task_type="image-to-image",
            dataset_type=config.dataset,
            dataset_name=DATASETS.get(config.dataset, config.dataset),
            dataset_split=split,
            metric_type="fid" if measure_of(score).official else "frechet-distance",
            metric_name=measure_of(score).full_names[0],
            metric_value=round(score["fid"], 3),
            metric_args={"n": score["n"]},
        )
        for split, score in config.metrics.items()
    ]
    return ModelCardData(
        model_name=name.rpartition("/")[2],
        library_name="pix2pix-studio",
        pipeline_tag="image-to-image",
        license="other",
        license_name=LICENCES.get(config.dataset, f"{config.dataset}-weights"),
        license_link="LICENSE.md",
        datasets=[config.dataset],
        tags=["pix2pix", "gan" if config.objective == "gan" else "l1", config.dataset],
        eval_results=results or None,
    )


def model_card(
    painter: Painter,
    config: ReleaseConfig,
    run: Run | None,
    name: str,
    samples: bool,
    curves: bool,
    epochs: Sequence[int],
) -> str:
    """The README.md of the repository."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters |= {
        "measure": lambda score: measure_of(score).full_names[0],
        "floor": floor_of,
        "kernel": kernel_of,
    }
    return environment.get_template("card.md").render(
        front_matter=metadata(config, name).to_yaml(),
        title=f"pix2pix {config.dataset}, {OBJECTIVES[config.objective]}",
        config=config,
        objective=OBJECTIVES[config.objective],
        dataset=DATASETS.get(config.dataset, config.dataset),
        parameters=sum(weight.numel() for weight in painter.generator.parameters()),
        name=name,
        samples=samples,
        seed=SAMPLE_SEED,
        epochs=sorted(epochs),
        curves=curves,
        command=training_command(run.config) if run else "",
        steps=run.log[-1]["step"] if run and run.log else 0,
        licence=licence_note(config),
    )
