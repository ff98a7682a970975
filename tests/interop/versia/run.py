"""Runs every test of this directory, or those that are named: `run.py test_gate`, `run.py test_gate.Signatures`.

One rule: it ends with 0 only if all of them hold and the server logged no error; with what failed stands what it had to say.
"""

import pathlib
import signal
import sys
import unittest

import stage

HERE = pathlib.Path(__file__).parent

# How much of the server's log is shown after a failure, in lines.
SHOWN = 60


def main(names):
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
    holds = unittest.TextTestRunner(verbosity=2).run(tests).wasSuccessful()
    log = stage.stage().folkmoot.log().splitlines() if stage.is_set() else []
    errors = [line for line in log if " ERROR " in line or "panicked" in line]
    if holds and not errors:
        print("Versia and ActivityPub meet in one group.")
        return 0
    print("\nThe end of the server's log:", *log[-SHOWN:], "\nIts errors:", *errors, sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server is stopped, too
    sys.exit(main(sys.argv[1:]))
