"""Predictors without factors, to measure a factorization against."""
