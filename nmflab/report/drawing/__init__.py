"""How charts and pictures are made, whatever they show."""
