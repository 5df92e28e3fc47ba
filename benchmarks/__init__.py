"""Benchmarks: one script per question, always beside a peer."""
