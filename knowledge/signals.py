from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from knowledge.models import Document


@receiver(post_delete, sender=Document)
def delete_file(instance: Document, **kwargs: Any) -> None:
    """Delete the file with its document, also where the document went with its owner."""
    if name := instance.file.name:
        transaction.on_commit(lambda: instance.file.storage.delete(name))
