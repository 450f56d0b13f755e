//! Part 6: recommender systems.

use super::Note;

pub(super) const NOTES: &[Note] = &[
    Note::planned(
        63,
        "LastN behaviour sequences",
        "行为序列建模 (LastN)",
        &["38_recsys_funnel", "46_sequence_models"],
    ),
    Note::planned(
        64,
        "Goals of each stage in search",
        "搜索每个环节的目标是什么（与推荐不同）",
        &["38_recsys_funnel"],
    ),
    Note::planned(
        65,
        "The funnel: recall, pre-rank, rank, re-rank",
        "基本的推荐链路流程 (召回-粗排-精排-重排)",
        &["38_recsys_funnel"],
    ),
    Note::planned(
        66,
        "Recommendation against advertising",
        "推荐算法和广告算法的区别",
        &["39_ad_auctions_and_pacing"],
    ),
    Note::planned(
        67,
        "Offline and online metrics",
        "推荐评估指标, 为什么要用这个指标，离线和在线评价指标分别是什么？",
        &["40_ranking_metrics_and_diversity"],
    ),
    Note::planned(
        68,
        "Diversity and coverage",
        "多样性和覆盖率怎么定义？针对多样性和覆盖率的经典面试题",
        &["40_ranking_metrics_and_diversity"],
    ),
    Note::planned(
        69,
        "Weights in score fusion",
        "加权融合怎么加权",
        &["40_ranking_metrics_and_diversity"],
    ),
    Note::planned(
        70,
        "Computing AUC",
        "AUC的计算方法及代码 (重写AUC逻辑)",
        &["23_classification_metrics"],
    ),
    Note::planned(
        71,
        "Why AUC alone is not enough; offline/online gaps",
        "只用auc评估的坏处，AUC 线下线上不一致原因",
        &["23_classification_metrics"],
    ),
    Note::planned(
        72,
        "SIM: soft and hard search",
        "SIM softsearch和hardsearch",
        &["46_sequence_models"],
    ),
    Note::planned(
        73,
        "Recall for the long tail",
        "如何提高长尾数据的召回能力？",
        &["42_long_tail_and_cold_start"],
    ),
    Note::planned(74, "Cold start", "解决冷启动", &["42_long_tail_and_cold_start"]),
    Note::planned(
        75,
        "Negatives for recall models",
        "召回模型中负样本的选择？困难负样本？",
        &["43_negative_sampling"],
    ),
    Note::planned(
        76,
        "Multi-channel recall",
        "多路召回",
        &["38_recsys_funnel", "44_item_embeddings_and_trees"],
    ),
    Note::planned(77, "Improving ItemCF", "怎么优化itemcf", &["41_collaborative_filtering"]),
    Note::planned(
        78,
        "Embedding recall: I2I, U2I, sequence, graph",
        "embedding召回方法",
        &["44_item_embeddings_and_trees"],
    ),
    Note::planned(
        79,
        "In-batch and cascaded negatives",
        "batch内负采样 级联负采样怎么做？",
        &["43_negative_sampling"],
    ),
    Note::planned(
        80,
        "Recall: collected questions",
        "召回部分的问题合集 (Bloom Filter, Swing, SINE, 双塔改进, 协同过滤vsDSSM)",
        &["42_long_tail_and_cold_start", "41_collaborative_filtering", "45_two_tower_and_infonce"],
    ),
    Note::planned(
        81,
        "Two-tower: merits, faults, L2 norm",
        "双塔模型优缺点，L2 norm的作用",
        &["45_two_tower_and_infonce"],
    ),
    Note::planned(82, "DIN", "DIN模型 (Attention)", &["46_sequence_models"]),
    Note::planned(
        83,
        "Very long sequences",
        "如果序列很长怎么办 (Positional Encoding)",
        &["46_sequence_models"],
    ),
    Note::planned(
        84,
        "InfoNCE",
        "infoNCE (对比学习，常用于召回或精排辅助)",
        &["45_two_tower_and_infonce"],
    ),
    Note::planned(85, "PLE against MMoE", "PLE和MMOE的区别 (多任务学习)", &["48_multi_task"]),
    Note::planned(86, "MMoE in detail, and MoE", "MMOE (详解)", &["48_multi_task"]),
    Note::planned(
        87,
        "Ranking models, a survey",
        "精排算法大总结 (FM, DeepFM, GBDT+LR, MLR, WDL, DCN, DIN, DIEN, BST, DSIN, SIM, BERT4Rec)",
        &["47_feature_crossing", "46_sequence_models"],
    ),
    Note::planned(88, "FTRL, online learning", "FTRL (在线学习)", &["49_ftrl"]),
    Note::planned(89, "YouTubeDNN", "YouTubeDNN", &["45_two_tower_and_infonce"]),
    Note::planned(
        90,
        "Ranking: collected questions",
        "精排部分的问题合集 (W&D特征选择, ESMM, 训练方式, 序列模型trick, Loss函数, 特征交叉模型SeNet/AutoInt/LHUC等)",
        &["48_multi_task", "50_gating_and_field_attention", "24_softmax_and_losses"],
    ),
];
