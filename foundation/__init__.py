"""What stages and orchestration both stand on: light, and importing it has no effect."""
