"""The offline model: answers from rules instead of a language model, for a start without account or key.

Named by `settings.OFFLINE_MODEL` only. May import the grammars and words of `tasks`.
"""

from offline.model import OfflineModel

__all__ = ["OfflineModel"]
