"""Whether a run gave the bytes of the committed dvc.lock, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.runs.stage import RAN, RESTORED, UP_TO_DATE
from pipeline.versioning.lockfile import IDENTICAL, Comparison


def comparison_text(comparison: Comparison, states: Mapping[str, str], *, recorded: bool) -> str:
    """Describe what ran, and whether the outputs equal the committed dvc.lock."""
    n, how = comparison.n_outputs, how_it_ended(states)
    if comparison.new_inputs:
        what = "no dvc.lock is committed" if not recorded else some(comparison.new_inputs)
        return f"new inputs, nothing to compare with ({what}; {how})"
    if comparison.different:
        return (
            f"DIFFERENT: {len(comparison.different)} of {n} outputs differ from the committed "
            f"dvc.lock although the inputs are the same: {some(comparison.different)} ({how})"
        )
    if reproduced(comparison.verdict, states) == IDENTICAL:
        return f"identical: all {n} outputs equal the committed dvc.lock, byte for byte ({how})"
    ran = "nothing ran" if set(states.values()) == {UP_TO_DATE} else how
    return f"{UP_TO_DATE}: outputs match dvc.lock; {ran} (exactcast verify re-runs every stage)"


def how_it_ended(states: Mapping[str, str]) -> str:
    """Count the stages that ran, and those that did not."""
    counted = Counter(states.values())
    others = [f"{counted[state]} {state}" for state in (RESTORED, UP_TO_DATE) if counted[state]]
    return ", ".join([f"{counted[RAN]} of {len(states)} stages ran", *others])


def reproduced(verdict: str, states: Mapping[str, str]) -> str:
    """Return the verdict on a run; it is `identical` only where every stage ran."""
    return UP_TO_DATE if verdict == IDENTICAL and set(states.values()) != {RAN} else verdict


def some(items: Sequence[str], most: int = 4) -> str:
    """List the first few."""
    return ", ".join(items[:most]) + (
        f", and {len(items) - most} more" if len(items) > most else ""
    )
