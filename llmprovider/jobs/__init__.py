"""Batch jobs: planned, sent, found again, looked after and collected, from the rows alone.

docs/batch_jobs.md explains it.
"""
