"""Room for CuPy kernels: the names and signatures of ``reference``; what is missing falls back."""
