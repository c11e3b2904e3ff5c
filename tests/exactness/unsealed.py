"""The cases with the seal off, to see that without it they differ from processor to processor."""

import numpy  # noqa: F401, I001  loads before the seal, and chooses its kernels by itself

import os
import sys

import stages

for name in stages.PINNED:
    del os.environ[name]  # before TensorFlow reads them

from tests.exactness.cases import main  # noqa: E402

if __name__ == "__main__":
    main(*sys.argv[1:])
