"""Results on disk: one ``.vtkhdf`` file that ParaView opens and that says how it came about.

``FORMAT.md`` lists every item. A file with its final name is always complete: it is written as
``<name>.part``, brought to the disk, and only then renamed.
"""

from ablsim.storage.amend import replace_summary
from ablsim.storage.checkpoints import checkpoint_path, load_checkpoint, remove_checkpoint
from ablsim.storage.comparison import Difference, compare_results
from ablsim.storage.reader import load, load_summary, snapshots
from ablsim.storage.recorder import Recorder, save

__all__ = [
    "Difference",
    "Recorder",
    "checkpoint_path",
    "compare_results",
    "load",
    "load_checkpoint",
    "load_summary",
    "remove_checkpoint",
    "replace_summary",
    "save",
    "snapshots",
]
