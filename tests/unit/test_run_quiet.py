import os
import subprocess
import sys


def test_warnings_for_people_are_shown_and_those_among_libraries_are_not(tmp_path):
    (tmp_path / "speaks.py").write_text(
        "import sys, warnings\n"
        "warnings.simplefilter('always')\n"
        "warnings.warn('for libraries', DeprecationWarning)\n"
        "warnings.warn('for people', UserWarning)\n"
        "print(sys.argv[1:], __name__)\n"
    )
    command = [sys.executable, "-m", "kefu.run.quiet", "speaks", "--port", "1"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert result.stdout == "['--port', '1'] __main__\n"
    assert "for people" in result.stderr and "for libraries" not in result.stderr
