"""Learning from a teacher's logits."""

from .arithmetic import mul
from .cross_entropy import cross_entropy
from .pointwise_loss import check_same_shape, loss_operands
from .probability_loss import kl_div
from .softmax import log_softmax

__all__ = ["distillation_loss"]


def distillation_loss(student, teacher, target, T=4.0, alpha=0.9):
    """α T² KL(softmax(teacher / T) ‖ softmax(student / T)) + (1 − α) cross_entropy(student, target)

    For logits (N, C), the divergence as a mean over rows; no gradient reaches the teacher. The
    factor T² keeps the gradient's scale whatever T is. Source: Hinton et al. 2015.
    """
    if not T > 0:
        raise ValueError(f"distillation_loss: T must be positive, got {T}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"distillation_loss: alpha must be between 0 and 1, got {alpha}")
    s, t = loss_operands(
        "distillation_loss", student, teacher, arguments=("student", "teacher")
    )
    check_same_shape("distillation_loss", s, t, "teacher")
    if s._array.ndim != 2:
        raise ValueError(
            f"distillation_loss: student must have shape (N, C), got {s._array.shape}"
        )
    soft = kl_div(
        log_softmax(s / T, 1),
        log_softmax(t.detach() / T, 1),
        reduction="batchmean",
        log_target=True,
    )
    return mul(soft, alpha * T * T) + (1 - alpha) * cross_entropy(s, target)
