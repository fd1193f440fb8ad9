"""Live brokers, read and never changed: one module for each way to ask one."""
