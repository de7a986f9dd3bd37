"""What a report reads of a store, and the groups it makes of it."""
