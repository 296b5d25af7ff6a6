"""What tests of all services use: the stack, the clock, factories, fault tools; other teams may use it too."""
