"""Datasets that come with nmflab: three small known systems, planted factors, files."""
