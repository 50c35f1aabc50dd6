"""``python -m kefu.run.preload MODULE ARGUMENTS``: loads what several workers can share, then becomes MODULE.

Sanic forks its workers from the process that has imported Rasa, and each loads the model for itself. What is
only read (the word dictionary, the matrices of the sentence embedding) lies in memory once if it was there
before. Both are plain Python and numpy: no threads or connections, which a fork would break.
"""

from __future__ import annotations

import gc
import os

from kefu.run import quiet


def main() -> None:
    """Becomes the module that the first argument names (see kefu.run.quiet)."""
    if (os.environ.get("SANIC_WORKERS") or "1") != "1":
        load()
    quiet.main()


def load() -> None:
    """Loads what is shared, and keeps the garbage collector from writing to its pages."""
    import jieba

    from kefu.language.embedding import embed

    jieba.initialize()
    embed("预热")
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
