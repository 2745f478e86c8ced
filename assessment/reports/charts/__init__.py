"""Pictures of a run: pure functions from plain data to an inline SVG string."""
