"""Inner loops of solvers, compiled with numba, each with a NumPy twin.

``load("hals")`` returns the module `nmflab.kernels.compiled.hals`, or with
``NMFLAB_KERNELS=numpy`` its twin `nmflab.kernels.plain.hals`: the same functions, with
the same arguments, for reading and for comparison. numba is imported by the first
`load`, never before, and compiles a kernel for a dtype once on a machine: the result is
cached on disk, beside the source or in the user's cache folder.
"""

from nmflab.kernels.choice import load, n_threads

__all__ = ["load", "n_threads"]
