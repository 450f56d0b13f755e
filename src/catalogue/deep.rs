//! Part 4: deep learning.

use super::Note;

pub(super) const NOTES: &[Note] = &[
    Note::planned(
        28,
        "Softmax without overflow",
        "softmax如何防止指数上溢",
        &["24_softmax_and_losses"],
    ),
    Note::planned(
        29,
        "Loss that grows fast in training",
        "训练过程中发现loss快速增大应该从哪些方面考虑？",
        &["25_autograd_and_training_dynamics"],
    ),
    Note::planned(
        30,
        "PyTorch and TensorFlow",
        "Pytorch和Tensorflow的区别",
        &["25_autograd_and_training_dynamics"],
    ),
    Note::planned(31, "Dropout", "DropOut 原理及实现", &["26_dropout_and_normalisation"]),
    Note::planned(
        32,
        "Vanishing and exploding gradients",
        "梯度消失和梯度爆炸",
        &["25_autograd_and_training_dynamics"],
    ),
    Note::planned(
        33,
        "Batch, layer, instance, group normalisation",
        "Batch/Layer/Instance/Group Normalization",
        &["26_dropout_and_normalisation"],
    ),
    Note::planned(34, "Optimisers", "Optimizer (SGD, Adam, AdamW等)", &["27_optimizers"]),
    Note::planned(
        35,
        "Implementing the sigmoid",
        "sigmoid 实现",
        &["25_autograd_and_training_dynamics"],
    ),
    Note::planned(
        36,
        "Why ReLU eases vanishing gradients",
        "ReLU为什么能缓解梯度消失",
        &["25_autograd_and_training_dynamics"],
    ),
    Note::planned(37, "Convolutional networks", "卷积神经网络", &["28_cnn"]),
    Note::planned(
        38,
        "Losses for classification, regression, ranking",
        "分类和回归任务中常用的loss",
        &["24_softmax_and_losses"],
    ),
    Note::planned(
        39,
        "Sigmoid against ReLU",
        "sigmoid和relu的区别",
        &["25_autograd_and_training_dynamics"],
    ),
];
