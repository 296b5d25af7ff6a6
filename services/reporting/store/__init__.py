"""The only SQL of reporting: writing the projection (`lines`), reading it (`reads`), its versions (`projections`)."""
