"""Which precision to train in."""

from .. import dtypes


def recommend(backend="cpu"):
    """The dtype for :class:`~minigrad.amp.autocast` and whether a GradScaler is needed, and why.

    >>> from minigrad import amp
    >>> amp.recommend()["dtype"], amp.recommend()["scaler"]
    (minigrad.bfloat16, False)
    """
    where = (
        "The CPU emulates it: memory is saved, time is not."
        if str(backend).partition(":")[0] in ("cpu", "numpy")
        else "The arithmetic is emulated in float32 here too: memory is saved, time is not."
    )
    return {
        "dtype": dtypes.bfloat16,
        "scaler": False,
        "why": "bfloat16 has the exponents of float32: gradients that float32 holds do not "
        f"underflow, so no loss scaling is needed; float16 needs a GradScaler. {where}",
    }
