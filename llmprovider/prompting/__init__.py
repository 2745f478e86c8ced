"""What a judge is asked, and what its answer says."""
