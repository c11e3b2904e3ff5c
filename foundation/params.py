"""The schema of params.yaml, one class per section; meanings and units stand in params.yaml."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from string import punctuation
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from forecasting.errors import ParamsError

PARAMS_FILE = Path("params.yaml")


def _date(text: str) -> str:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        date = None
    if date is None or date.tzinfo is not None:
        raise ValueError("should be a date without a zone, such as 2024-01-01")
    return text


def _inside_project(path: str) -> str:
    parts = Path(path).parts
    if path.startswith(("/", "~")) or ".." in parts or "\\" in path or not path.isprintable():
        raise ValueError(
            "should be a path inside the project, such as data/raw/table.csv, with / between folders"
        )
    if not path.endswith((".csv", ".parquet")):
        raise ValueError("should name a .csv or .parquet file")
    return path


def _separates(mark: str) -> str:
    if mark not in f"\t {punctuation}" or mark in '"+-':
        raise ValueError("should be a mark such as , or ; or a tab, not a quote or a sign")
    return mark


def _false(value: bool) -> bool:
    if value:
        raise ValueError("true is not supported yet; set it to false")
    return value


Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(gt=0, lt=1)]
Rate = Annotated[Number, Field(ge=0, lt=1)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Count = Annotated[int, Field(gt=0, lt=2**31)]  # positions are 32 bits wide in the training
Seed = Annotated[int, Field(ge=0, lt=2**32)]
RawPath = Annotated[str, AfterValidator(_inside_project)]
Date = Annotated[str, AfterValidator(_date)]
Name = Annotated[str, Field(min_length=1)]
Separator = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_separates)]
NotYet = Annotated[bool, AfterValidator(_false)]

Activation = Literal[
    "elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "selu", "sigmoid",
    "silu", "softplus", "softsign", "tanh",
]  # fmt: skip
BiasInitializer = Literal[
    "ones", "random_normal", "random_uniform", "truncated_normal", "zeros",
]  # fmt: skip
Initializer = Literal[
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
    "ones", "orthogonal", "random_normal", "random_uniform", "truncated_normal", "zeros",
]  # fmt: skip


class Section(BaseModel):
    """Refuse unknown keys, wrong types and later changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Noise(Section):
    load_city: NotNegative
    load_industry: NotNegative
    irradiance: NotNegative
    ambient: NotNegative
    oil: NotNegative


class Simulate(Section):
    rows: Count
    start: Date
    oil_time_constant: Annotated[Number, Field(gt=1)]
    noise: Noise
    seed: Seed


class Ingest(Section):
    raw: RawPath
    time: Name
    time_format: Name
    features: Literal["all"] | Annotated[list[Name], Field(min_length=1)]
    frequency: Name
    gaps: Literal["error", "interpolate"]
    max_gap: Count
    separator: Separator
    decimal: Literal[".", ","]
    encoding: Name

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        names = [self.time] if self.features == "all" else [self.time, *self.features]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(
                "features: should name each column once, and not the time, found twice: "
                f"{', '.join(doubled)}"
            )
        return self

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.separator == self.decimal:
            raise ValueError(f"separator: should differ from the decimal, found {self.decimal!r}")
        return self


class Windowing(Section):
    lookback: Count
    horizon: Count
    stride: Count


class Split(Section):
    method: Literal["random", "chronological"]
    test_size: Share
    random_state: Seed
    validation_size: Share
    validation_from: Date | None
    test_from: Date | None
    test_until: Date | None
    gap: Literal["lookback"] | Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> Self:
        if (self.validation_from is None) != (self.test_from is None):
            raise ValueError("validation_from and test_from should both be dates, or both null")
        dates = [date for date in (self.validation_from, self.test_from, self.test_until) if date]
        moments = [datetime.fromisoformat(date) for date in dates]
        if moments != sorted(set(moments)):
            raise ValueError(
                f"validation_from, test_from and test_until should follow each other, found "
                f"{', '.join(dates)}"
            )
        if self.test_until is not None and self.test_from is None:
            raise ValueError(
                "test_until should be null unless validation_from and test_from are dates"
            )
        if self.method == "chronological" and self.test_size + self.validation_size >= 1:
            raise ValueError("test_size and validation_size should leave something for training")
        return self


class Penalty(Section):
    l1: NotNegative
    l2: NotNegative


class Layer(Section):
    units: Count
    activation: Activation
    recurrent_activation: Activation
    use_bias: bool
    unit_forget_bias: bool
    kernel_initializer: Initializer
    recurrent_initializer: Initializer
    bias_initializer: BiasInitializer
    dropout: Rate
    recurrent_dropout: Rate
    return_sequences: bool
    return_state: NotYet
    kernel_regularizer: Penalty | None
    recurrent_regularizer: Penalty | None
    bias_regularizer: Penalty | None


class Optimizer(Section):
    name: Literal["adam", "sgd"]
    learning_rate: Positive
    clipnorm: Positive | None


class EarlyStopping(Section):
    patience: Count
    min_delta: NotNegative


class ReduceLROnPlateau(Section):
    patience: Count
    factor: Share
    min_lr: NotNegative


class Train(Section):
    scaler: Literal["standard", "minmax", "none"]
    layers: Annotated[list[Layer], Field(min_length=1)]
    optimizer: Optimizer
    loss: Literal["mse", "mae", "huber"]
    epochs: Count
    batch_size: Count
    keep: Literal["auto", "last", "best"]
    early_stopping: EarlyStopping | None
    reduce_lr_on_plateau: ReduceLROnPlateau | None

    @model_validator(mode="after")
    def _layers_fit_together(self) -> Self:
        *inner, last = self.layers
        for number, layer in enumerate(inner):
            if not layer.return_sequences:
                raise ValueError(
                    f"layers.{number}.return_sequences: should be true, as the next layer reads its "
                    "output at every step"
                )
        if last.return_sequences:
            raise ValueError(
                f"layers.{len(inner)}.return_sequences: true in the last layer (supervision at "
                "every step) is not supported yet; set it to false"
            )
        return self


class Evaluate(Section):
    season: Literal["auto"] | Count


class Params(Section):
    seed: Seed
    simulate: Simulate
    ingest: Ingest
    windowing: Windowing
    split: Split
    train: Train
    evaluate: Evaluate


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsError: The file is missing or no YAML, or a value is wrong; names every bad value.
    """
    try:
        content = YAML(typ="safe").load(path)  # the parser that DVC uses
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing from this folder. Run from the project's root, or restore it: "
            f"git checkout -- {path}"
        ) from None
    except OSError as unreadable:
        raise ParamsError(
            f"{path} cannot be read: {unreadable.strerror}. It should be a readable file."
        ) from None
    except (YAMLError, ValueError, KeyError) as broken:  # the last two for a value like 2024-13-45
        raise ParamsError(f"{path} is not valid YAML: {' '.join(str(broken).split())}") from None
    return check_params(content, source=str(path))


def check_params(content: object, *, source: str) -> Params:
    """Check parameters that were read from `source`; a ParamsError names every bad value at once."""
    if not isinstance(content, Mapping):
        raise ParamsError(
            f"{source} should hold the sections of the parameters, found {content!r}."
        )
    try:
        return Params.model_validate(content)
    except ValidationError as invalid:
        raise ParamsError(
            "\n".join([f"Invalid values in {source}:", *map(_problem, invalid.errors())])
        ) from None


def _problem(error: Any) -> str:
    path = ".".join(map(str, filter(_is_key, error["loc"]))) or "the whole"
    if error["type"] == "missing":
        return f"  {path}: is missing"
    if error["type"] == "value_error" and isinstance(error["input"], Mapping):
        return f"  {path}.{error['ctx']['error']}"  # of several values: begins with one's name
    message = {
        "extra_forbidden": "is not a parameter",
        "model_type": "should be a section, with a line for each parameter",
        "value_error": str(error.get("ctx", {}).get("error")),
    }.get(error["type"], error["msg"])
    return f"  {path}: {message}, found {error['input']!r}"


def _is_key(part: int | str) -> bool:
    """Tell a key from pydantic's name for one of the types that a value may have."""
    return not str(part).startswith(("literal[", "list["))
