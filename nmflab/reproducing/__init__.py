"""The same numbers again: a study run anew from its record, and two studies compared.

`compare_studies` holds two studies, or two commands of one, against each other;
`reproduced` runs a study again from what its store or ``study.yaml`` says was resolved,
in a folder of its own, and compares. Nothing in a record is imported or obeyed: names
of plugins are looked up among those installed, and values are values.
"""
