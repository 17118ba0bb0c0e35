"""One mail as bytes: its message, its bodies, the guard before it, addresses, typed text."""
