"""What each notebook took in the browser, at the end of the run."""


def pytest_terminal_summary(terminalreporter):
    lines = [
        f"{dict(report.user_properties)['seconds']:6.1f} s  {report.nodeid.rpartition('::')[2]}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if "seconds" in dict(report.user_properties)
    ]
    if lines:
        terminalreporter.section("seconds a notebook")
        terminalreporter.write_line("\n".join(lines))
