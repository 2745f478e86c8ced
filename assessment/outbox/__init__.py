"""Outgoing events on their way: where they may go, how they are signed, sent, and sent again."""
