"""Results: what to use, leaderboards by comparison, what stands outside of them."""
