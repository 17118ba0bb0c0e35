"""Proofs that take longer than `make test`: each module tries one thing by programs of others."""
