"""Error against interpretability: a chart a measure, with its Pareto front."""
