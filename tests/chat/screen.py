"""What a client shows of a conversation: built from the events of a stream, as every element does it."""

import copy
from typing import Any

type Item = dict[str, Any]


class Screen:
    """The items on the screen. `done` items must be what their updates made of them."""

    def __init__(self, items: list[Item] | None = None) -> None:
        self.items = {item["id"]: item for item in items or []}

    def play(self, events: list[dict[str, Any]]) -> list[Item]:
        """Apply events; return what is shown at the end, in order."""
        for event in events:
            match event["type"]:
                case "thread.item.added":
                    self.items[event["item"]["id"]] = copy.deepcopy(event["item"])
                case "thread.item.updated":
                    self.update(self.items[event["item_id"]], event["update"])
                case "thread.item.done":
                    item = event["item"]
                    if (grown := self.items.get(item["id"])) and grown["type"] == "assistant_message":
                        assert texts(grown) == texts(item), "the deltas add up to the finished text"
                        assert notes(grown) == notes(item), "the annotations that came are those of the finished text"
                    self.items[item["id"]] = item
                case "thread.item.replaced":
                    assert event["item"]["id"] in self.items, "only what is shown can be replaced"
                    self.items[event["item"]["id"]] = event["item"]
                case "thread.item.removed":
                    del self.items[event["item_id"]]
        return list(self.items.values())

    def update(self, item: Item, update: dict[str, Any]) -> None:
        match update["type"]:
            case "assistant_message.content_part.added" | "assistant_message.content_part.done":
                index = update["content_index"]
                item["content"][index : index + 1] = [copy.deepcopy(update["content"])]
            case "assistant_message.content_part.text_delta":
                item["content"][update["content_index"]]["text"] += update["delta"]
            case "assistant_message.content_part.annotation_added":
                item["content"][update["content_index"]]["annotations"].append(update["annotation"])
            case "workflow.task.added" | "workflow.task.updated":
                index = update["task_index"]
                item["workflow"]["tasks"][index : index + 1] = [update["task"]]
            case other:
                raise AssertionError(f"an update that no client of ours knows: {other}")


def texts(item: Item) -> list[str]:
    return [part["text"] for part in item["content"]]


def notes(item: Item) -> list[Any]:
    return [part["annotations"] for part in item["content"]]
