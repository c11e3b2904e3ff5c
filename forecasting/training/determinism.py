"""TensorFlow's share of the seal: threads, seeds, deterministic kernels and cache sizes.

The environment variables, which must be set before the first import, are set by `foundation.seal`.
"""

import keras
import tensorflow as tf

from forecasting.training.cache_sizes import fix_cache_sizes


def seal_tensorflow(seed: int) -> None:
    """Make TensorFlow and Keras compute the same bytes in every process that calls this first.

    One thread within an operation and one between operations: sums are then taken in one order,
    and at the size of a forecasting batch one thread is also the fastest.

    Args:
        seed: Seeds Python's, NumPy's and TensorFlow's global generators.

    Raises:
        RuntimeError: TensorFlow has already computed something with other threads.
        SetupError: This TensorFlow does not let its matrix products be made the same everywhere.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
    fix_cache_sizes()
