"""From what is asked for to the rows of a batch, or to what it would take."""
