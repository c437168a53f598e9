"""Score the epochs of a run and release the best one: afterwards, or while the run trains.

During training, the main process scores; the others wait as long as that takes.
"""

import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import torch.distributed as dist
from accelerate import Accelerator

from pix2pix import run_config
from pix2pix.config import TrainConfig
from pix2pix.data.dataset import PairedDataset
from pix2pix.fid.distances import FidError
from pix2pix.fid.evaluator import Evaluator
from pix2pix.fid.inception import Inception, downloaded_weights, find_weights
from pix2pix.files import append_record, read_records
from pix2pix.networks import UNet
from pix2pix.processes import any_process
from pix2pix.release import load_weights, save
from pix2pix.run_folder import RunFolder
from pix2pix.stop_signals import handling_stop_signals
from pix2pix.trainer import Trainer

PATIENCE = timedelta(days=7)
"""Training's collectives time out after minutes, so processes wait for scores in a group with this timeout."""


def score_epoch(
    run: RunFolder, config: TrainConfig, epoch: int, evaluator: Evaluator, splits: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Score a kept epoch of a run, except where the run already has a score under the same conditions.

    Args:
        run: The run; each new score is added to its records at once.
        config: Its configuration.
        epoch: One of `run.kept_weights()`.
        evaluator: Has the splits.
        splits: Names of the splits to score, in this order.

    Yields:
        The record of each split: "epoch", and the result of `Evaluator.score`.

    Raises:
        ReleaseError: If the kept weights cannot be used.
    """
    done = read_records(run.scores)
    generator: UNet | None = None
    for split in splits:
        key = {"epoch": epoch} | evaluator.conditions(split)
        record = next((record for record in done if key.items() <= record.items()), None)
        if record is None:
            generator = generator or load_weights(run.weights(epoch), config.base_channels, config.norm)
            record = key | evaluator.score(generator.to(evaluator.inception.device), split)
            append_record(run.scores, record)
        yield record


def release_best(run: RunFolder, config: TrainConfig, evaluator: Evaluator) -> None:
    """Release the epoch closest to the validation photos, among all scored under the evaluator's conditions.

    Only the run's records decide. If the best epoch's weights were removed, the released folder stays as it is.
    """
    if "val" not in evaluator.splits:
        return
    conditions = evaluator.conditions("val")
    scored = {record["epoch"]: record for record in read_records(run.scores) if conditions.items() <= record.items()}
    if scored:
        best = min(scored.values(), key=lambda record: record["fid"])
        weights = run.kept_weights().get(best["epoch"])
        if weights:
            generator = load_weights(weights, config.base_channels, config.norm)
            score = {name: value for name, value in best.items() if name not in ("epoch", "split", "seconds")}
            metrics = {"val": score | {"chosen_among": len(scored)}}
            save(run.release_best, generator, run_config.describe_release(run, config, best["epoch"], metrics))


def describe(record: dict[str, Any]) -> str:
    """Describe a score in one line."""
    return (
        f"epoch {record['epoch']:3d} {record['split']:5s} fid {record['fid']:.3f}, "
        f"kid {record['kid']:.5f} ± {record['kid_std']:.5f} (n = {record['n']}), "
        f"real {record['real_floor']:.3f} (n = {record['real_floor_n']})"
    )


class Scoring:
    """Scores the epochs of a run as they end.

    Without Inception's weights, or with too few images, it warns once, and training runs unscored. A run without an
    epoch left to train gets scores that it still misses, but downloads nothing for them and does not warn.

    Args:
        run: The run; scores are added to its records.
        config: Its configuration.
        splits: Datasets to score by name of the split.
        fingerprints: Fingerprints of these datasets.
        accelerator: Every process makes its own `Scoring`.
        is_finished: Whether no epoch is left to train.

    Raises:
        FidError: If weights that the configuration names are missing, broken, or of no use for so few images.
    """

    def __init__(
        self,
        run: RunFolder,
        config: TrainConfig,
        splits: Mapping[str, PairedDataset],
        fingerprints: Mapping[str, str],
        accelerator: Accelerator,
        is_finished: bool = False,
    ) -> None:
        self.run, self.config, self.accelerator, self.is_finished = run, config, accelerator, is_finished
        several = config.fid_every > 0 and accelerator.num_processes > 1
        self.waiting = dist.new_group(backend="gloo", timeout=PATIENCE) if several else None
        self.evaluator: Evaluator | None = None
        if config.fid_every > 0 and accelerator.is_main_process and (inception := self._inception()):
            try:
                self.evaluator = Evaluator(inception, splits, fingerprints, config.fid_samples)
                print(inception.measure.legend)
            except FidError as error:
                if config.fid_weights:  # whoever names them wants scores
                    raise FidError(f"{error}; --fid-every 0 trains without scores") from error
                self._warn(f"Epochs are not scored: {error}.")
        self._any(False)  # the others wait while the main process downloads weights

    def _inception(self) -> Inception | None:
        if self.is_finished and not self.config.fid_weights and not downloaded_weights().is_file():
            return None
        try:
            weights = find_weights(self.config.fid_weights)
        except FidError as error:
            if self.config.fid_weights:
                raise
            command = f"python -m pix2pix.fid {shlex.quote(str(self.run.path))}"
            self._warn(f"Epochs are not scored: {error}; then `{command}` scores the kept ones.")
            return None
        return Inception(weights, device=self.accelerator.device)

    def _warn(self, text: str) -> None:
        if not self.is_finished:
            print(text, file=sys.stderr)

    def score(self, trainer: Trainer) -> bool:
        """Score the last finished epoch if that is due and not done, and release the best epoch so far.

        Only the kept weights are read, so networks and randomness of the training are not touched.

        Returns:
            False if a process was asked to stop; missing scores are made on resume. Save a checkpoint before this.
        """
        if not self.config.scores_after(trainer.epoch):
            return True
        stopped = trainer.stop_requested
        if self.evaluator and not stopped and trainer.epoch in self.run.kept_weights():
            try:
                with handling_stop_signals(signal.default_int_handler):  # at once; training stops between two steps
                    self._score(self.evaluator, trainer)
            except KeyboardInterrupt:
                stopped = True
        return not self._any(stopped)

    def _score(self, evaluator: Evaluator, trainer: Trainer) -> None:
        for record in score_epoch(self.run, self.config, trainer.epoch, evaluator, list(evaluator.splits)):
            print(describe(record), flush=True)
            # A tracker shows only names, so the name of a distance that is no FID has the hash of the weights.
            mark = "" if evaluator.inception.measure.official else f"-{record['weights']}"
            names = {"fid": f"fid{mark}", "kid": f"kid{mark}", "seconds": "scoring_seconds"}
            values = {f"{shown}/{record['split']}": record[name] for name, shown in names.items()}
            self.accelerator.log(values, step=trainer.step_count - trainer.batch)
        release_best(self.run, self.config, evaluator)

    def _any(self, value: bool) -> bool:
        return value if self.waiting is None else any_process(value, self.waiting)
