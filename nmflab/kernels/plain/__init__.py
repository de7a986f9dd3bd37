"""The kernels in NumPy: what the compiled ones compute; see `nmflab.kernels`."""
