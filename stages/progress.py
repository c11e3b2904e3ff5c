"""Progress of a training: a bar with the time left on a terminal, one plain line per epoch elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from foundation.epoch_line import write_epoch


@contextmanager
def epoch_progress(epochs: int) -> Iterator[Callable[[int, float, float], None]]:
    """Yield the function that shows one finished epoch: number from 1, loss, validation loss."""
    if not sys.stdout.isatty():
        yield lambda epoch, loss, val_loss: print(
            write_epoch(epoch, epochs, loss=loss, val_loss=val_loss), flush=True
        )
        return
    with tqdm(total=epochs, unit="epoch", desc="train", file=sys.stdout, dynamic_ncols=True) as bar:

        def show(epoch: int, loss: float, val_loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4g}", val_loss=f"{val_loss:.4g}", refresh=False)
            bar.update(epoch - bar.n)

        yield show
