"""Reading tasks: filters and pages, history, counts. May import `tasks.models`."""
