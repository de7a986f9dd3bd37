"""How long runs took to come near the best objective known, failures counted."""
