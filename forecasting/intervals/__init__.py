"""Prediction intervals by conformal prediction: NumPy alone, from errors that were made before."""
