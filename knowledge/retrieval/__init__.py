"""Finding passages: search, embeddings, measuring how well. May import `knowledge.reading` and `knowledge.models`."""
