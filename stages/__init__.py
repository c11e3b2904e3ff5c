"""The stages of the pipeline, one module per node of dvc.yaml.

Importing this package seals the process, the one import with an effect: `python -m stages.train`
runs it first of all, before any numeric library. Nothing but a stage's process may import it.
"""

from foundation.seal import PINNED, seal

__all__ = ["PINNED", "SEALED"]

SEALED = seal()
