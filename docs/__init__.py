"""The documentation; docs/index.md is its map."""
