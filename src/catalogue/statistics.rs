//! Part 2: mathematics and statistics.

use super::{Note, Status};

pub(super) const NOTES: &[Note] = &[
    Note::planned(7, "Maximum likelihood in four steps", "求似然函数步骤", &["04_likelihood"]),
    Note::planned(8, "Hamming distance", "汉明距离", &["05_information_theory"]),
    Note::planned(
        9,
        "Cross-entropy: derivation and code",
        "交叉熵的数学推导以及代码",
        &["05_information_theory"],
    ),
    Note::planned(10, "KL divergence", "KL散度", &["05_information_theory"]),
    Note {
        number: 11,
        title: "Gradient of logistic regression",
        title_zh: "LR的损失函数 手推梯度",
        notebooks: &["06_logistic_regression_gradient"],
        items: &[
            "linear::logistic::LogisticRegression",
            "linear::logistic::SoftmaxRegression",
            "linear::logistic::logistic_loss",
            "linear::logistic::logistic_gradient",
            "linear::logistic::logistic_hessian",
            "linear::logistic::is_linearly_separable",
            "nn::gradcheck::check_gradient",
        ],
        reference: Some("tests/reference_logistic.rs"),
        status: Status::Covered,
    },
    Note::planned(
        12,
        "Why bagging works; bias and variance",
        "bagging从数学原理上有效的原因是什么？bagging对bias和variance有什么影响？如果想降低bias在模型侧可以做哪些尝试？",
        &["07_bagging_bias_variance"],
    ),
    Note::planned(
        13,
        "Data-science survey in fifteen items",
        "关于DataScience相关的知识梳理：假设检验(AB Test)、中心极限定理、一类/二类错误、绝对值/比值指标检验",
        &["08_ab_testing", "19_trees_and_boosting", "10_data_preparation"],
    ),
];
