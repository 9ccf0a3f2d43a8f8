"""``python -m imbtorch`` equals the command ``imbtorch``."""

import sys

from imbtorch.cli import main

sys.exit(main())
