"""How runs approach the best objective known."""
