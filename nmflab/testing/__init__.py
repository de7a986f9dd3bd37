"""Contract tests for plugins: what the framework relies on, checked on each of them.

    pytest --pyargs nmflab.testing                 everything installed
    pytest --pyargs nmflab.testing -k my_solver    one plugin

Each plugin runs as its spec's ``examples`` configure it, or with its defaults where
there are none. The problems are small and awkward on purpose: rank one, empty rows and
columns, all zero, very small and very large numbers, one row, one column, more
components than columns, denormal numbers, dead components, explicit zeros, masks,
read-only arrays; in other units, and in another order. The tests need what
``pip install nmflab[test]`` brings.
"""
