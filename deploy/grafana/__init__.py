"""The dashboard, as code."""
