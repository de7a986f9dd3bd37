"""How sure the comparisons are: intervals within data sets, tests over them."""
