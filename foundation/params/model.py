"""Section `model`: the network and its scaler."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.params.fields import (
    Activation,
    BiasInitializer,
    Count,
    Initializer,
    NotNegative,
    NotYet,
    Number,
    Rate,
    Section,
)


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


class Model(Section):
    scaler: Literal["standard", "minmax", "none"]
    normalise: Literal["none", "last", "mean", "window"]
    targets_min: Number | None
    layers: Annotated[list[Layer], Field(min_length=1)]

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
