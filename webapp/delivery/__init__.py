"""How a letter leaves: one module a route."""
