"""Acceptance: defects seen in peer systems that no single service can show alone."""
