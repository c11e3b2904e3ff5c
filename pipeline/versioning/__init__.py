"""All that knows how DVC and git store things."""
