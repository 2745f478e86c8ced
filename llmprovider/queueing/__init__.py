"""The live queue: comparisons come in, wait in bundles, take turns, and are taken home."""
