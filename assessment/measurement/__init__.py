"""Measurement: Bradley-Terry scores, their uncertainty and grades. Pure numpy and scipy.

Start at `bradley_terry.fit`; `docs/measurement.md` states every formula and its source.
"""
