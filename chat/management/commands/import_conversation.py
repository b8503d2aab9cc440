from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from chat.models import ImportedState
from chat.replay import export_files, recording


class Command(BaseCommand):
    help = "Import exported conversations for a user. Their tasks stay in the recording: no list changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--user", required=True, help="who will own them: e-mail address, id or user name")

    def handle(self, *args: Any, **given: Any) -> None:
        user = self.find(given["user"])
        for path in given["files"]:
            try:
                recorded = export_files.load(path)
                with transaction.atomic():
                    conversation = recording.restore(recorded, user)
                    person = recorded.user.model_dump()
                    ImportedState.objects.create(conversation=conversation, records=recorded.states, person=person)
            except export_files.UnreadableRecording as error:
                raise CommandError(str(error)) from error
            except recording.AlreadyHere as error:
                raise CommandError(f"{path}: {error} exists here already. Delete it first.") from error
            self.stdout.write(conversation.public_id)

    def find(self, name: str) -> User:
        found = User.objects.filter(Q(email__iexact=name) | Q(subject=name) | Q(username=name))[:2]
        if len(found) != 1:
            raise CommandError(f"There is {'no' if not found else 'more than one'} user “{name}”.")
        return found[0]
