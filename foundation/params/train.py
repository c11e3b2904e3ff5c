"""Section `train`: how the network is trained."""

from typing import Literal

from foundation.params.fields import Count, NotNegative, Positive, Section, Share


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
    optimizer: Optimizer
    loss: Literal["mse", "mae", "huber"]
    epochs: Count
    batch_size: Count
    keep: Literal["auto", "last", "best"]
    early_stopping: EarlyStopping | None
    reduce_lr_on_plateau: ReduceLROnPlateau | None
