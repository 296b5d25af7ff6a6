"""Texts of complaints: the words of its refusals in two languages."""
