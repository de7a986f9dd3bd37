"""``python -m nmflab`` is the command line."""

import sys

from nmflab.cli import main

sys.exit(main())
