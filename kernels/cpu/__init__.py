"""Numba kernels for NumPy arrays: the names and signatures of ``reference``, only faster."""
