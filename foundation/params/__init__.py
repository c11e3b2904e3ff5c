"""The schema of params.yaml, one module per section; meanings and units stand in params.yaml."""

from foundation.params.fields import Section
from foundation.params.load import check_params, load_params
from foundation.params.moved import check_moved, moved_to
from foundation.params.schema import Params

__all__ = ["Params", "Section", "check_moved", "check_params", "load_params", "moved_to"]
