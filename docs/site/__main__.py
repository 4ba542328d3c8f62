"""Builds the site into a folder that does not exist yet.

pip install -e '.[docs]'
python -m docs.site /tmp/site
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.site.staging import stage


def main(target: str) -> int:
    """Returns the exit status of the generator; a broken link is an error."""
    with tempfile.TemporaryDirectory() as place:
        stage(Path(place))
        # Not --quiet, which makes strict blind to warnings.
        command = [sys.executable, '-m', 'mkdocs', 'build', '--strict']
        done = subprocess.run(
            command,
            cwd=place,
            env=os.environ | dict(NO_MKDOCS_2_WARNING='1'),  # an advertisement
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr)
        else:
            shutil.move(Path(place, 'site'), target)
    return done.returncode


if __name__ == '__main__':
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit('Say a folder that does not exist yet: python -m docs.site FOLDER')
    sys.exit(main(sys.argv[1]))
