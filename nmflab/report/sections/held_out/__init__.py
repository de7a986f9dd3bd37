"""Errors on cells that models did not see."""
