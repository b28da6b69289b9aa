"""What clients are told without having asked: channels, keyspace events, monitors, tracking."""
