"""The networks, and the baselines they are held against."""
