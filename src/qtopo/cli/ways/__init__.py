"""What `qtopo route` reads from its command line, and how it shows the way of a task."""
