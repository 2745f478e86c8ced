"""A wave: chosen, sent to the judges, its results recorded, and what to do next decided."""
