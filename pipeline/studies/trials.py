"""The trials of a sweep, as lists of overrides: every combination of values, or points of a Sobol sequence."""

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from foundation.errors import ParamsError
from foundation.json_content import first_problem
from foundation.params.load import read_content
from pipeline.runs.overrides import key_and_text, yaml_text

MOST = 10_000  # trials of one sweep
SEED = 0  # of the Sobol sequence, unless a plan file says otherwise
DIGITS = 4  # of a number between two bounds
RANGE = re.compile(r"(?P<log>log:)?(?P<low>[-+.\deE]+)\.\.(?P<high>[-+.\deE]+)")
OPENING, CLOSING, QUOTES = "[{(", "]})", "\"'"


@dataclass(frozen=True)
class Range:
    """The values between two bounds, both included.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether they are spread evenly over the powers of ten.
        whole: Whether they are whole numbers.
    """

    low: float
    high: float
    log: bool
    whole: bool

    def at(self, share: float) -> str:
        """Write the value that has a share of all others below it, from 0 up to 1."""
        if self.whole and not self.log:
            return str(int(self.low + share * (self.high - self.low + 1)))
        if self.log:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + share * (self.high - self.low)
        return str(round(value)) if self.whole else f"{value:.{DIGITS}g}"


Choices = Mapping[str, Sequence[str] | Range]  # by parameter, as the command line takes its values


def grid(choices: Choices) -> list[list[str]]:
    """List every combination; the last parameter changes first.

    Raises:
        ParamsError: One has bounds instead of values, or there are too many combinations.
    """
    for name, values in choices.items():
        if isinstance(values, Range):
            raise ParamsError(
                f"{name} has bounds, {values.low:g}..{values.high:g}, and no values: a grid needs values, "
                "such as 1,2,3. To draw between bounds, add --sobol N, N being how many trials."
            )
    named = [[f"{name}={value}" for value in values] for name, values in choices.items()]  # type: ignore[union-attr]
    return _few_enough(list(overrides) for overrides in itertools.product(*named))


def sobol(choices: Choices, n_trials: int, *, seed: int = SEED) -> list[list[str]]:
    """List points that cover the space of the parameters evenly, however many of them there are.

    I. M. Sobol (1967), scrambled with a seed as A. B. Owen (1998) does; numbers are rounded to four
    digits, so that they are the same on every machine.

    Args:
        choices: Bounds, or values, each of which gets an equal share.
        n_trials: How many; a power of two covers best.
        seed: Of the scrambling.

    Raises:
        ParamsError: There are too many trials, or too many parameters.
    """
    import numpy as np
    from scipy.stats import qmc

    if not 0 < n_trials <= MOST:
        raise ParamsError(f"A sweep should have from 1 to {MOST:,} trials, found {n_trials:,}.")
    if len(choices) > qmc.Sobol.MAXDIM:
        raise ParamsError(f"A Sobol sequence has at most {qmc.Sobol.MAXDIM} parameters.")
    sequence = qmc.Sobol(len(choices), scramble=True, rng=np.random.default_rng(seed))
    points = sequence.random_base2((n_trials - 1).bit_length())[:n_trials]
    return [
        [
            f"{name}={values.at(share) if isinstance(values, Range) else _chosen(values, share)}"
            for (name, values), share in zip(choices.items(), map(float, point), strict=True)
        ]
        for point in points
    ]


def _chosen(values: Sequence[str], share: float) -> str:
    return values[int(share * len(values))]


def _few_enough(trials: Iterator[list[str]]) -> list[list[str]]:
    found = list(itertools.islice(trials, MOST + 1))
    if len(found) > MOST:
        raise ParamsError(
            f"The grid has more than {MOST:,} combinations. Give fewer values, or draw some of them with "
            "--sobol N."
        )
    return found


def read_choices(overrides: Sequence[str]) -> dict[str, list[str] | Range]:
    """Read what the command line says of each parameter: `name=1,2,3`, `name=1..9` or `name=log:1e-4..1`.

    Raises:
        ParamsError: One of them is not understood, or a parameter is named twice.
    """
    found: dict[str, list[str] | Range] = {}
    for override in overrides:
        name, text = key_and_text(
            override, form="section.name=value,value", example="model.layers.0.units=25,50,100"
        )
        if name in found:
            raise ParamsError(
                f"-S {name} is given twice. Give all its values at once: -S {name}=VALUE,VALUE"
            )
        between = RANGE.fullmatch(text.strip())
        found[name] = _range(override, between) if between else _values(override, text)
    return found


def _range(override: str, match: re.Match[str]) -> Range:
    low, high = match["low"], match["high"]
    try:
        bounds = (float(low), float(high))
    except ValueError:
        raise ParamsError(
            f"-S {override}: the bounds should be numbers, such as 1e-4..1e-2"
        ) from None
    whole = all(re.fullmatch(r"[-+]?\d+", text) for text in (low, high))
    return _checked(f"-S {override}", Range(*bounds, log=match["log"] is not None, whole=whole))


def _checked(where: str, values: Range) -> Range:
    if not values.low < values.high:
        raise ParamsError(f"{where}: the first bound should be less than the second one.")
    if values.log and values.low <= 0:
        raise ParamsError(f"{where}: with log both bounds should be greater than 0.")
    return values


def _values(override: str, text: str) -> list[str]:
    values = [value.strip() for value in split_values(text)]
    if "" in values:
        raise ParamsError(
            f"-S {shlex.quote(override)}: a value is empty. Commas stand between values; a comma that is "
            f"a value is quoted: -S {shlex.quote(override.partition('=')[0] + '=' + chr(34) + ',' + chr(34))}"
        )
    return values


def split_values(text: str) -> list[str]:
    """Cut text at the commas that stand neither in brackets nor in quotes."""
    values, depth, quote = [""], 0, ""
    for mark in text:
        if quote:
            quote = "" if mark == quote else quote
        elif mark in QUOTES:
            quote = mark
        elif mark in OPENING or mark in CLOSING:
            depth += 1 if mark in OPENING else -1
        if mark == "," and not quote and depth == 0:
            values.append("")
        else:
            values[-1] += mark
    return values


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Bounds(_Strict):
    low: float
    high: float
    log: bool = False


class _Sobol(_Strict):
    trials: Annotated[int, Field(gt=0, le=MOST)]
    seed: Annotated[int, Field(ge=0)] = SEED
    parameters: Annotated[
        dict[str, _Bounds | Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)
    ]


class PlanFile(_Strict):
    """A plan file: configurations that all trials apply, and one of `grid`, `sobol` and `trials`."""

    config: list[str] = []
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] | None = None
    sobol: _Sobol | None = None
    trials: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(each is not None for each in (self.grid, self.sobol, self.trials)) != 1:
            raise ValueError("it should hold one of grid, sobol and trials")
        return self

    def overrides(self) -> list[list[str]]:
        """List the overrides of each trial."""
        if self.trials is not None:
            return [[f"{k}={yaml_text(v)}" for k, v in trial.items()] for trial in self.trials]
        if self.grid is not None:
            return grid({name: [*map(yaml_text, values)] for name, values in self.grid.items()})
        assert self.sobol is not None
        choices = {name: _choice(name, each) for name, each in self.sobol.parameters.items()}
        return sobol(choices, self.sobol.trials, seed=self.sobol.seed)


def _choice(name: str, values: _Bounds | list[Any]) -> list[str] | Range:
    if isinstance(values, list):
        return [*map(yaml_text, values)]
    whole = float(values.low).is_integer() and float(values.high).is_integer()
    return _checked(name, Range(values.low, values.high, log=values.log, whole=whole))


def read_plan_file(path: Path) -> PlanFile:
    """Read a plan file.

    Raises:
        ParamsError: There is none, or it is not understood.
    """
    try:
        content = read_content(path)
    except FileNotFoundError:
        raise ParamsError(f"The plan file {path} does not exist.") from None
    try:
        return PlanFile.model_validate(content)
    except ValidationError as invalid:
        raise ParamsError(f"{path}: {first_problem(invalid)}") from None


def read_trials(
    overrides: Sequence[str], *, plan: Path | None, n_drawn: int | None
) -> tuple[list[list[str]], list[Path]]:
    """List the overrides of the trials, and the configurations that a plan file names.

    Args:
        overrides: Values or bounds of parameters, as the command line takes them.
        plan: A plan file; it stands for all else.
        n_drawn: How many trials of a Sobol sequence; None for every combination.

    Raises:
        ParamsError: They are not understood, or there are none.
    """
    if plan is not None:
        if overrides or n_drawn is not None:
            raise ParamsError(f"{plan} says which trials there are: leave out -S and --sobol.")
        read = read_plan_file(plan)
        return read.overrides(), [Path(path) for path in read.config]
    choices = read_choices(overrides)
    if not choices:
        raise ParamsError(
            "A sweep needs values to try: -S model.layers.0.units=25,50,100, or a plan file, --plan FILE."
        )
    return (grid(choices) if n_drawn is None else sobol(choices, n_drawn)), []
