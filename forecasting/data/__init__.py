"""The series, its windows and their split: what a forecaster learns from."""
