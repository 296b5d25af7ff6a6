"""The four services: intake, complaints, notifications, reporting."""
