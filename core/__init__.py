"""What every app stands on and no app owns. May import nothing else of the project."""
