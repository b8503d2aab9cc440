from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from chat.models import Attachment


@receiver(post_delete, sender=Attachment)
def delete_file(instance: Attachment, **kwargs: Any) -> None:
    """Delete the file with its attachment, also where that went with its conversation or its owner."""
    if name := instance.file.name:
        transaction.on_commit(lambda: instance.file.storage.delete(name))
