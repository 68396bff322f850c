"""A forked program has words, settings, output and an end of its own."""

import signal

from tests.support import forks

PROGRAM = """
import os, sys, time
colour = os.environ["COLOUR"]
print("tensorflow" in sys.modules, sys.argv[1:], colour, flush=True)
if sys.argv[1] == "wait":
    time.sleep(600)
sys.exit("why")
"""


def test_words_settings_output_and_end(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    ending = forks.Program(path, "a", COLOUR="red")
    waiting = forks.Program(path, "wait", COLOUR="blue")
    assert ending.wait() == (1, "True ['a'] red\n", "why\n")
    while not waiting.output:
        assert waiting.status is None, waiting.errors
    waiting.signal(signal.SIGTERM)
    assert waiting.wait() == (-signal.SIGTERM, "True ['wait'] blue\n", "")


def test_a_module_is_a_program():
    _, output, _ = forks.Program("trainers.regress", "--help").wait()
    assert "--run_dir" in output
