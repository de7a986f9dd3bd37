"""What nmflab adds to Hydra: the sweeper `study`, its folders on the search path."""
