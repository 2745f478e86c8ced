"""Decisions from files to scores: what `manage.py cj_fit` reads, works out and prints.

Start at `decisions.read_decisions` and `analyses.analyse`. Knows no Django and no database.
"""
