//! Part 1: engineering.

use super::Note;

pub(super) const NOTES: &[Note] = &[
    Note::planned(
        1,
        "Testing, debugging and monitoring a program",
        "写一段程序怎么测试正确性，如何debug",
        &["01_testing_and_monitoring"],
    ),
    Note::planned(2, "Linux commands", "Linux基础命令", &["02_shell_and_git"]),
    Note::planned(3, "Git commands", "git基础命令", &["02_shell_and_git"]),
    Note::planned(
        4,
        "Function overloading, decorators, caching",
        "python能不能函数重载？",
        &["03_python_idioms_in_rust"],
    ),
    Note::planned(5, "__new__ and __init__", "init和new的区别？", &["03_python_idioms_in_rust"]),
    Note::planned(
        6,
        "Python grab bag: args, decorators, closures, threads, scope, copying",
        "python相关",
        &["03_python_idioms_in_rust"],
    ),
];
