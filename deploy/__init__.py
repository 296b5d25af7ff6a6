"""Everything around the services: the embedded stack, commands, benchmarks, journeys, runbooks."""
