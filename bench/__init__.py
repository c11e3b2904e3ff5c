"""The measured comparisons behind the promises: `make bench` runs them and writes docs/benchmarks.md."""
