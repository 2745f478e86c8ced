"""A batch from creation to its end: what changes its rows, one step a module."""
