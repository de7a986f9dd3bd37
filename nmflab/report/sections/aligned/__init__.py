"""Components matched across seeds, solvers, starts and sizes."""
