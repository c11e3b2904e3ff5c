"""Scores in words, plots and the report."""
