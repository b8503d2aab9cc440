"""From a file to passages: readers, languages, taking documents in. May import `knowledge.models`."""
