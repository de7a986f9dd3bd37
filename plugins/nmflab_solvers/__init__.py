"""nmflab's bundled solvers, one algorithm family a file.

`mu` and `masked_mu` are multiplicative updates, `hals` is hierarchical alternating
least squares, `sklearn_nmf` steps scikit-learn's own solvers. Modules whose names start
with an underscore hold what several of them share.
"""
