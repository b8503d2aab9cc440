"""The table of the queue of `django_tasks_db`, in one migration."""
