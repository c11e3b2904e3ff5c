"""The core: pure functions of arrays and frames. It reads no file and no setting, and imports nothing of ours."""
