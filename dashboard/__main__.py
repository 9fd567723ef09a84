"""`python -m dashboard …` is the command `paredown …`."""

import sys

from dashboard.cli import main

sys.exit(main())
