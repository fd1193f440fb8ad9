"""What changes from one topology to another, what that breaks, and how to roll it out."""
