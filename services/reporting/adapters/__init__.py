"""Outside providers: Kafka asked for the ends of its logs."""
