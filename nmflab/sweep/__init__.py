"""A sweep: overrides made into spaces, a plan and jobs, and the coordinator."""
