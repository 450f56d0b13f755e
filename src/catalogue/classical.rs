//! Part 3: classical machine learning.

use super::{Note, Status};

pub(super) const NOTES: &[Note] = &[
    Note::planned(14, "HMM and CRF", "HMM和CRF区别", &["12_hmm_and_crf"]),
    Note {
        number: 15,
        title: "Principal component analysis",
        title_zh: "PCA (降维)",
        notebooks: &["13_pca"],
        items: &[
            "decomposition::pca::Pca",
            "decomposition::pca::covariance",
            "decomposition::pca::svd_flip",
        ],
        reference: Some("tests/reference_pca.rs"),
        status: Status::Covered,
    },
    Note {
        number: 16,
        title: "Improving k-means",
        title_zh: "如何改进kmeans (聚类)",
        notebooks: &["14_kmeans_family"],
        items: &[
            "cluster::kmeans::KMeans",
            "cluster::kmeans::kmeans_plus_plus",
            "cluster::kmeans::kmeans_history",
            "cluster::validity::silhouette",
            "cluster::validity::elbow",
        ],
        reference: Some("tests/reference_cluster.rs"),
        status: Status::Partly("k-medoids, ISODATA, mini-batch and the accelerated variants"),
    },
    Note::planned(
        17,
        "L1 and L2 regularisation",
        "L1正则化和L2正则化",
        &["17_regularisation_and_overfitting"],
    ),
    Note::planned(
        18,
        "Remedies for overfitting",
        "总结如何解决过拟合",
        &["17_regularisation_and_overfitting"],
    ),
    Note {
        number: 19,
        title: "Clustering: k-means, Gaussian mixtures, DBSCAN, hierarchical",
        title_zh: "介绍几种聚类（k-means，混合高斯GMM，DBSCAN）",
        notebooks: &["15_gmm_em", "16_dbscan_and_hierarchical", "14_kmeans_family"],
        items: &[
            "cluster::gmm::GaussianMixture",
            "cluster::gmm::e_step",
            "cluster::gmm::m_step",
            "cluster::gmm::elbo",
            "cluster::gmm::em_history",
            "cluster::validity::adjusted_rand",
        ],
        reference: Some("tests/reference_cluster.rs"),
        status: Status::Partly("DBSCAN and hierarchical clustering"),
    },
    Note::planned(
        20,
        "Why classification does not use MSE",
        "分类为什么不能用MSE",
        &["18_mse_vs_cross_entropy"],
    ),
    Note::planned(
        21,
        "XGBoost, random forest, LightGBM",
        "xgboost基本原理、RF与LGB对比、推导",
        &["19_trees_and_boosting"],
    ),
    Note::planned(22, "Imbalanced data", "数据不平衡常用的处理方法", &["21_imbalance"]),
    Note::planned(
        23,
        "A model that is poor on the test set",
        "如果一个模型在测试集上效果不好，如何改进？",
        &["17_regularisation_and_overfitting"],
    ),
    Note::planned(24, "TF-IDF", "TF-IDF", &["22_tfidf"]),
    Note::planned(
        25,
        "Recall, precision, F1, AUC",
        "召回率，精确率，f1score，auc (基础指标)",
        &["23_classification_metrics"],
    ),
    Note::planned(26, "Feature selection", "怎么做特征选择？", &["11_features_and_collinearity"]),
    Note::planned(
        27,
        "Bias and variance of a model",
        "什么是模型的偏差，什么是方差？",
        &["07_bagging_bias_variance"],
    ),
];
