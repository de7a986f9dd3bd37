"""The parts of a report: each module makes one, from what was read."""
