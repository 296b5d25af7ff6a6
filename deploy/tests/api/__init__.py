"""The contracts as other teams meet them: linted, complete, and kept under fire."""
