"""The model card of a published model: front matter, measured numbers, and the text of `card.md`."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pix2pix.config import TrainConfig, flag_of, is_path
from pix2pix.fid.measure import Measure
from pix2pix.networks import UNet
from pix2pix.provenance import describe_data, facts, known_data, licence_note
from pix2pix.release import OBJECTIVES, ReleaseConfig
from pix2pix.report.runs import Run
from pix2pix.report.scores import measure_of

CONDITIONS = ("n", "weights", "dims")
"""Scores can be compared only if they agree in these."""
NOT_MEASURED = "not measured"


def best_measure(run: Run) -> Measure:
    """Return the measure by the official Inception if it has scored the run, else by another."""
    return max((measure_of(score) for score in run.scores), key=lambda found: (found.official, found.dims))


def floor_of(score: Mapping[str, Any]) -> str:
    """Say the distance between photos, with their number if it differs from that of the score."""
    floor, n = score.get("real_floor"), score.get("real_floor_n")
    return NOT_MEASURED if not _are_numbers(floor, n) else f"{floor:.2f}" + (f" (n = {n})" if n != score["n"] else "")


def kernel_of(score: Mapping[str, Any]) -> str:
    """Say the kernel distance and its spread."""
    kid, spread = score.get("kid"), score.get("kid_std")
    return f"{kid:.5f} ± {spread:.5f}" if _are_numbers(kid, spread) else NOT_MEASURED


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def last_scores(run: Run, measure: Measure, epoch: int) -> dict[str, Any]:
    """Return the scores of an epoch by split, each over the largest number of images."""
    of_epoch = [score for score in run.scores if score["epoch"] == epoch and measure_of(score) == measure]
    left_out = ("epoch", "split", "seconds")
    return {
        score["split"]: {name: score[name] for name in sorted(score) if name not in left_out}
        for score in sorted(of_epoch, key=lambda score: (score["split"], score["n"]))
    }  # in a fixed order, or every push would make a commit


def with_choice(scores: Mapping[str, Any], released: Mapping[str, Any]) -> dict[str, Any]:
    """Add how many epochs the released one was chosen among, where that was by the same measure and n."""
    result = {}
    for split, score in scores.items():
        before = released.get(split, {})
        if "chosen_among" in before and all(before[name] == score[name] for name in CONDITIONS):
            score = score | {"chosen_among": before["chosen_among"]}
        result[split] = score
    return result


def training_command(config: TrainConfig) -> str:
    """Return the command of a run, without settings at their defaults and without paths and resources of a machine."""
    left_out = ["workers", "num_processes", "tracker", "push_to_hub", "force"]
    launcher = ["torchrun", "--nproc-per-node", str(config.num_processes)] if config.num_processes > 1 else ["python"]
    words = [*launcher, "train.py"]
    if config.data is not None:
        words += ["--data", "DIR", "--name", config.dataset]
        left_out.append("dataset")
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name not in left_out and not is_path(item) and value != item.default:
            words += [flag_of(item.name)] if value is True else [flag_of(item.name), str(value)]
    return shlex.join(words)


def metadata(config: ReleaseConfig, name: str) -> ModelCardData:
    """Make the front matter of the card."""
    known = known_data(config)
    results = [
        EvalResult(
            task_type="image-to-image",
            dataset_type=config.dataset,
            dataset_name=known.title if known else config.dataset,
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
        license_name=known.licence if known else f"{config.dataset}-weights",
        license_link="LICENSE.md",
        datasets=[config.dataset] if known else None,  # the Hub would link people's own name to someone's dataset
        tags=["pix2pix", config.objective, config.dataset],
        eval_results=results or None,
    )


def model_card(
    generator: UNet,
    config: ReleaseConfig,
    run: Run | None,
    name: str,
    sample_seed: int | None,
    curves: bool,
    epochs: Sequence[int],
) -> str:
    """Write the text of the repository's README.md.

    Args:
        generator: The published generator.
        config: Its configuration, with the scores to show.
        run: The run that it comes from, which gives the training command; None if unknown.
        name: "owner/name".
        sample_seed: Seed of the images in `samples.png`; None if there are none.
        curves: Whether there is a `curves.png`.
        epochs: Earlier epochs that are published too.
    """
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
        config=config,
        objective=OBJECTIVES[config.objective].description,
        trained_on=describe_data(config),
        facts=facts(config),
        parameters=sum(weight.numel() for weight in generator.parameters()),
        name=name,
        sample_seed=sample_seed,
        epochs=sorted(epochs),
        curves=curves,
        command=training_command(run.config) if run else "",
        steps=run.log[-1]["step"] if run and run.log else 0,
        licence=licence_note(config),
    )
