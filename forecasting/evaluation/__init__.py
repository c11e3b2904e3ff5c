"""How good a forecast is, and how honest its score."""
