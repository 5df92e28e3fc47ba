"""Softmax over many classes, of which the frequent ones cost less."""

import numpy as np

import minigrad as mg
from minigrad import nn


def test_all_log_probabilities():
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], 2.0)
    x, target = mg.randn(7, 4), mg.tensor([0, 3, 5, 9, 1, 7, 2])
    log_p = layer.log_prob(x)
    np.testing.assert_allclose(log_p.exp().sum(1).detach(), np.ones(7), rtol=1e-5)
    picked = log_p.gather(1, target.unsqueeze(1)).squeeze(1)
    np.testing.assert_allclose(layer(x, target).output.detach(), picked.detach(), rtol=1e-5)
    assert layer.predict(x).tolist() == log_p.argmax(1).tolist()
