"""Bodies of the `gandan` commands that belong to no service."""
