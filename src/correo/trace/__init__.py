"""What happened: recorded dialogues and their explanations."""
