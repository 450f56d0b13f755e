//! Part 5: language models.

use super::Note;

pub(super) const NOTES: &[Note] = &[
    Note::planned(
        40,
        "Word2Vec: CBOW and skip-gram",
        "Word2Vec (CBOW, Skip-Gram)",
        &["29_word2vec"],
    ),
    Note::planned(
        41,
        "Time complexity of the transformer",
        "transformer 整体时间复杂度",
        &["30_attention"],
    ),
    Note::planned(42, "Attention, shape by shape", "注意力怎么计算（维度）", &["30_attention"]),
    Note::planned(
        43,
        "Multi-head against single-head attention",
        "multihead attention 和attention的区别？",
        &["30_attention"],
    ),
    Note::planned(
        44,
        "Transformer variants",
        "transformer的变体 (Encoder/Decoder-only等)",
        &["31_attention_variants"],
    ),
    Note::planned(
        45,
        "Where the decoder's K and V come from",
        "decoder处的k，v矩阵来自哪里？",
        &["31_attention_variants"],
    ),
    Note::planned(
        46,
        "Variants of multi-head attention: MQA, GQA, MLA",
        "MHA的几种变体",
        &["31_attention_variants"],
    ),
    Note::planned(
        47,
        "What LLaMA changed in the decoder",
        "LLama在模型的decoder层面做了哪些改进？",
        &["32_llama_block"],
    ),
    Note::planned(
        48,
        "Attention against a fully connected layer",
        "Attention与全连接层的区别",
        &["30_attention"],
    ),
    Note::planned(
        49,
        "Why pre-LN is more stable than post-LN",
        "为什么Pre-LN比Post-LN稳定？",
        &["32_llama_block"],
    ),
    Note::planned(
        50,
        "Sinusoidal encoding and RoPE",
        "正弦位置编码和RoPE的区别？",
        &["32_llama_block"],
    ),
    Note::planned(
        51,
        "Pre-training, SFT, LoRA, RLHF: the whole path",
        "Pre-Training, SFT, LoRA, RLHF 之间的关系 (综述)",
        &["33_finetuning", "34_preference_optimisation"],
    ),
    Note::planned(
        52,
        "What fills the memory in training",
        "Transformer训练的时候主要是什么数据在使用显存？",
        &["36_training_memory"],
    ),
    Note::planned(
        53,
        "SFT against continued pre-training",
        "监督微调sft和继续预训练cpt有什么差别？",
        &["33_finetuning"],
    ),
    Note::planned(
        54,
        "Keeping gradients healthy in transformers",
        "transformer中对梯度消失或者梯度爆炸的处理",
        &["32_llama_block", "36_training_memory"],
    ),
    Note::planned(
        55,
        "Memory needed to train a model",
        "如何计算训练一个模型所需的显存？",
        &["36_training_memory"],
    ),
    Note::planned(
        56,
        "Full fine-tuning, LoRA, forgetting",
        "全参微调和lora微调的区别，全参微调会出现什么问题？怎么解决灾难性遗忘问题",
        &["33_finetuning"],
    ),
    Note::planned(57, "Ways to do SFT", "SFT有哪些训练方式？", &["33_finetuning"]),
    Note::planned(58, "GRPO, DPO, online DPO", "GRPO DPO", &["34_preference_optimisation"]),
    Note::planned(59, "KV cache", "KV Cache (推理加速)", &["35_kv_cache"]),
    Note::planned(60, "AI safety", "AI safety", &["37_safety_and_scaling"]),
    Note::planned(
        61,
        "Why ChatGPT got better",
        "chatgpt性能提升的主要原因是什么？",
        &["37_safety_and_scaling"],
    ),
    Note::planned(
        62,
        "Remedies for out-of-memory",
        "大模型训练中的OOM问题有哪些解决办法？",
        &["36_training_memory"],
    ),
];
