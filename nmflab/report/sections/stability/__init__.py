"""What comes back from other seeds."""
