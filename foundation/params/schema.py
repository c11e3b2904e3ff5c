"""The whole of params.yaml."""

from foundation.params.evaluate import Evaluate
from foundation.params.fields import Section, Seed
from foundation.params.ingest import Ingest
from foundation.params.model import Model
from foundation.params.simulate import Simulate
from foundation.params.split import Split
from foundation.params.train import Train
from foundation.params.windowing import Windowing


class Params(Section):
    seed: Seed
    simulate: Simulate
    ingest: Ingest
    windowing: Windowing
    split: Split
    model: Model
    train: Train
    evaluate: Evaluate
