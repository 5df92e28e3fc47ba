"""Choices of a process that kernels look at; nothing changes them but an explicit call."""

exact_convolutions = False  # 3 × 3 and 5 × 5 ones by definition, not by Winograd's algorithm
