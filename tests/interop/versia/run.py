"""Runs every test of this directory, or those that are named: `run.py test_gate`, `run.py test_gate.Signatures`.

One rule: it ends with 0 only if all of them hold; with what failed stands what the server had to say.
"""

import pathlib
import sys
import unittest

import stage

HERE = pathlib.Path(__file__).parent

# How much of the server's log is shown after a failure, in lines.
SHOWN = 60


def main(names):
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
    done = unittest.TextTestRunner(verbosity=2).run(tests)
    if not done.wasSuccessful() and stage.is_set():
        log = stage.stage().folkmoot.log().splitlines()
        print("\nThe end of the server's log:", *log[-SHOWN:], sep="\n", file=sys.stderr)
    elif done.wasSuccessful():
        print("Versia and ActivityPub meet in one group.")
    return 0 if done.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
