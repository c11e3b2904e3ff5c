"""The line that a training prints after each epoch: written by the stage, read by what shows it."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"epoch (?P<epoch>\d+)/(?P<of>\d+) (?P<losses>.*)")


@dataclass(frozen=True)
class Epoch:
    """A finished epoch, as its line has it.

    Attributes:
        number: From 1.
        of: Epochs that were asked for.
        losses: Such as `loss=0.1 val_loss=0.2`.
    """

    number: int
    of: int
    losses: str


def write_epoch(number: int, of: int, *, loss: float, val_loss: float) -> str:
    """Write the line of a finished epoch."""
    return f"epoch {number}/{of} loss={loss:.6g} val_loss={val_loss:.6g}"


def read_epoch(line: str) -> Epoch | None:
    """Read the line of a finished epoch; None if the line is another."""
    found = _LINE.match(line)
    return found and Epoch(int(found["epoch"]), int(found["of"]), found["losses"])
