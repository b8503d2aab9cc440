"""The model: providers, prompts, failures, speech to text. May import nothing of the chat but its ids."""
