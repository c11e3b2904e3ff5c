"""Orchestration: DVC, git and Prefect around the stages. It can only do what `dvc repro` can."""
