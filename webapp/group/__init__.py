"""A peer group agrees on its words: ballots, the count, and what is adopted."""
