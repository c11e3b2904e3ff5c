"""What a table seems to be: its dialect, its times, its columns; each guess with its reason."""
