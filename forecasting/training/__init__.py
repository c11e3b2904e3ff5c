"""The compiled training and inference."""
