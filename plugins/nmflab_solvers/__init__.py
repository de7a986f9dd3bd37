"""nmflab's bundled solvers, one algorithm family a file.

`hals`, `masked_hals`, `kl` and `mu` are for use; `anls_bpp`, `apg`, `ao_admm` and `gcd`
are what papers compare with; `hoyer`, `min_vol`, `semi`, `ard` and `separable` fit
other models; `sklearn_nmf`, `minibatch`, `lda` and `kmeans` step scikit-learn's own
solvers. Modules whose names start with an underscore hold what several of them share.
"""
