"""What the command line prints: tables, progress, scores, runs."""
