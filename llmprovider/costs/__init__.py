"""What calls will cost at most and on average, may cost, and have cost."""
