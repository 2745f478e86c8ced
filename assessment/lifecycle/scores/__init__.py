"""From the rows of a batch to its scores, grades, and what is to be said of them."""
