"""How stages read and write files: every writer is canonical."""
