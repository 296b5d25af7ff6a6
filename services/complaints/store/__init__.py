"""The only SQL of complaints: letters, cases, people, reference copies and lookup locks."""
