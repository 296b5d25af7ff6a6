"""What every service shares: the kernel, the law, the contracts, the store, the bus, the web door and telemetry."""
