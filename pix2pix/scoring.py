"""Scores while a run trains. The main process makes them; the others wait for as long as that takes."""

import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from accelerate import Accelerator

from pix2pix.data import PairedDataset
from pix2pix.distances import FidError
from pix2pix.evaluation import Evaluator, describe, release_best, score_epoch
from pix2pix.inception import Inception, find_weights
from pix2pix.run_folder import RunFolder
from pix2pix.trainer import TrainConfig, Trainer, sum_over_processes

PATIENCE = timedelta(days=7)
"""Collectives of training give up after minutes, so the wait for scores has a group of its own. The end of a process ends that wait too."""


class Scoring:
    """Scores the epochs of a run as they end. Without Inception's weights it says so once, and training goes on without scores.

    Args:
        run: Its records get the scores.
        config: Of the run.
        splits: To score.
        fingerprints: Of these.
        accelerator: Every process makes its own `Scoring`.

    Raises:
        FidError: If the weights named by the configuration are missing, any are broken, or a split has too few pictures.
    """

    def __init__(
        self,
        run: RunFolder,
        config: TrainConfig,
        splits: Mapping[str, PairedDataset],
        fingerprints: Mapping[str, str],
        accelerator: Accelerator,
    ) -> None:
        self.run, self.config, self.accelerator = run, config, accelerator
        several = config.fid_every > 0 and accelerator.num_processes > 1
        self.waiting = dist.new_group(backend="gloo", timeout=PATIENCE) if several else None
        self.evaluator: Evaluator | None = None
        if config.fid_every > 0 and accelerator.is_main_process and (inception := self._inception()):
            try:
                self.evaluator = Evaluator(inception, splits, fingerprints, config.fid_samples)
            except FidError as error:
                raise FidError(f"{error}; --fid-every 0 trains without scores") from error
            print(inception.measure.legend)
        self._any(False)  # while the main process downloads weights

    def _inception(self) -> Inception | None:
        try:
            weights = find_weights(self.config.fid_weights)
        except FidError as error:
            if self.config.fid_weights:
                raise
            command = f"python -m pix2pix.fid {shlex.quote(str(self.run.path))}"
            print(f"Epochs are not scored: {error}; `{command}` then scores the kept ones.", file=sys.stderr)
            return None
        return Inception(weights, device=self.accelerator.device)

    def score(self, trainer: Trainer) -> bool:
        """Scores the last finished epoch where that is due and not yet done, and releases the best one so far.

        What is scored are the kept weights, so neither the networks nor any randomness of training are touched.

        Returns:
            False if a process was asked to stop. Its checkpoint should have been saved before; what is missing is scored the next time.
        """
        if not self.config.scores_after(trainer.epoch):
            return True
        stopped = trainer.stop_requested
        if self.evaluator and not stopped and trainer.epoch in self.run.kept_weights():
            try:
                with _interruptible():
                    self._score(self.evaluator, trainer)
            except KeyboardInterrupt:
                stopped = True
        return not self._any(stopped)

    def _score(self, evaluator: Evaluator, trainer: Trainer) -> None:
        for record in score_epoch(self.run, self.config, trainer.epoch, evaluator, list(evaluator.splits)):
            print(describe(record), flush=True)
            # In trackers, which say nothing else of it, a distance that is no FID has the hash of Inception's weights in its name.
            mark = "" if evaluator.inception.measure.official else f"-{record['weights']}"
            names = {"fid": f"fid{mark}", "kid": f"kid{mark}", "seconds": "scoring_seconds"}
            values = {f"{shown}/{record['split']}": record[name] for name, shown in names.items()}
            self.accelerator.log(values, step=trainer.step_count - trainer.batch)
        release_best(self.run, self.config, evaluator)

    def _any(self, value: bool) -> bool:
        """Whether a value is true in any process; all wait for one another."""
        if self.waiting is None:
            return value
        shared = torch.tensor([value], dtype=torch.int32)
        sum_over_processes(shared, self.waiting)
        return shared.item() > 0


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C and termination raise KeyboardInterrupt at once; between steps, training only takes note of them."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
