"""The public conformance suite, with every sample that this kernel can answer."""

import os
import unittest

import jupyter_kernel_test
from conftest import NOTEBOOKS


class RustKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "mlnotes"

    @classmethod
    def setUpClass(cls):
        # Where the notebooks are, their crates are.
        before = os.getcwd()
        os.chdir(NOTEBOOKS)
        super().setUpClass()
        os.chdir(before)

    language_name = "rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'
    completion_samples = [{"text": "linfa_red", "matches": {"linfa_reduction"}}]
    complete_code_samples = ["1 + 1", "let x = 1;", "fn f() {}"]
    incomplete_code_samples = ["fn f() {", "let x = (1,", '"abc']
    invalid_code_samples = ["fn f(}"]
    code_generate_error = 'panic!("on purpose");'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "vec![1, 2]", "result": "[1, 2]"},
    ]
    code_display_data = [
        {"code": 'mlnotes::display::html("<b>1</b>");', "mime": "text/html"},
        {"code": 'mlnotes::display::svg("<svg/>");', "mime": "image/svg+xml"},
        {"code": 'mlnotes::display::latex("x");', "mime": "text/latex"},
    ]
    code_history_pattern = "6?*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "mlnotes"
    code_page_something = ":doc ndarray"
    code_clear_output = "mlnotes::display::clear(false);"
    support_iopub_welcome = True


# The class that is only there to inherit from would run against no kernel at all.
del jupyter_kernel_test.KernelTests

if __name__ == "__main__":
    unittest.main()
