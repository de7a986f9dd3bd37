"""nmflab's bundled starting points.

`random` draws; `nndsvd` (three variants) and `nnsvd_lrc` take singular vectors;
`averages` (random_acol, random_c), `kmeans` and `separable` (spa, snpa) take rows of X;
`compressed` and `warm` solve a smaller problem; `sklearn_starts` reproduces
scikit-learn's own starts digit for digit.
"""
