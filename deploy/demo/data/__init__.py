"""The sample day as data: what was filed when, what was done with it, by whom it was written."""
