"""Put the rooms together: configuration, wiring, workers, supervision."""
