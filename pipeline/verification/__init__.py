"""Checking that a commit gives its recorded bytes, and finding out why it does not."""
