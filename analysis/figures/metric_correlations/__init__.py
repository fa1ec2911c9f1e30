"""Network metrics against electrochemical states."""
