"""The model that Errand has built in: rules instead of a network, for use without an account or key."""

from .model import OfflineModel

__all__ = ["OfflineModel"]
