"""nmflab's bundled solvers, one algorithm family a file.

`mu` is multiplicative updates, `hals` hierarchical alternating least squares;
`sklearn_nmf`, `minibatch`, `lda` and `kmeans` step scikit-learn's own solvers. Modules
whose names start with an underscore hold what several of them share.
"""
