"""Metrics that come with nmflab: reconstruction, sparseness, overlap, top features.

Every value is the same however the components are scaled and ordered.
"""
