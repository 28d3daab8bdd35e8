"""What the rules of the check ask about an application: its endpoints, and what its code does in one respect or another."""
