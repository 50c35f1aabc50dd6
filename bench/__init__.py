"""Benchmarks, ``make bench-NAME``: each prints tables and, last, one JSON line with its goals."""

import os

from kefu.run.servers import environment

# Before numpy and TensorFlow are imported: both read the number of threads once.
os.environ.update(environment())
