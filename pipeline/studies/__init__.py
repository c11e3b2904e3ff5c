"""Many runs: planned before the first one starts, run here or on a cluster, resumed by the same command."""
