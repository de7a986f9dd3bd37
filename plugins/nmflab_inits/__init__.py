"""nmflab's bundled starting points.

`random` draws, `nndsvd` takes singular vectors (three variants), `sklearn_starts`
reproduces scikit-learn's own starts digit for digit.
"""
