"""The statutory numbers: calendar, office hours and dated rule rows, each with its citation."""
