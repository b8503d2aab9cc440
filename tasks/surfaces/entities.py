"""Tasks and labels as people tag them in a message: found by `@`, and previewed under the pointer."""

from typing import Any

from accounts.models import User
from tasks.models import LARGEST_NUMBER, OpenCount
from tasks.queries import finding
from tasks.queries.finding import Filters
from tasks.surfaces import widgets


def search(user: User, text: str, limit: int) -> list[dict[str, Any]]:
    """Return open tasks and labels that fit a text, as ChatKit's entities."""
    found = finding.find(user, Filters("open", search=text[: finding.SEARCH_LENGTH] or None), limit)
    labels = OpenCount.objects.filter(user=user, kind="label", count__gt=0, name__icontains=text.lstrip("#"))
    return [as_entity(task.id, task.title) for task in found.tasks] + [
        {
            "id": f"label:{name}",
            "title": name,
            "group": "Labels",
            "icon": "dot",
            "interactive": True,
            "data": {"type": "label", "label": name},
        }
        for name in labels.order_by("-count", "name").values_list("name", flat=True)[:limit]
    ]


def as_entity(number: int, title: str) -> dict[str, Any]:
    return {
        "id": f"task:{number}",
        "title": title,
        "group": "Tasks",
        "icon": "check-circle",
        "interactive": True,
        "data": {"type": "task", "number": str(number)},
    }


def preview(user: User, kind: str, id: str) -> dict[str, Any] | None:
    """Return the preview of a tag as a ChatKit widget; None if there is nothing to show (any more)."""
    if kind == "label":
        tasks = [task.model_dump(mode="json") for task in finding.find(user, Filters("open", label=id), 5).tasks]
        return widgets.brief(f"#{id}", [task["title"] for task in tasks]) if tasks else None
    if kind != "task" or not id.isdecimal() or int(id) > LARGEST_NUMBER:
        return None
    task = finding.get(user, int(id))
    return widgets.task_preview(task.model_dump(mode="json"), user.now()) if task else None
