"""What the factors look like, and what they are called."""
