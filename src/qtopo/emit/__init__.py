"""What a topology becomes: one module per target, which yields artifacts and never writes."""
