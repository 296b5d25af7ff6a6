"""Benchmarks: what the acceptance page measures, beside its limits, on the embedded stack. Start with `run.main`."""
