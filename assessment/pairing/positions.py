"""Whether the leads of two essays allow them to meet without making a lead worse."""

from assessment.pairing.ledgers import Ledger

# How much a meeting may cost: nothing; a lead of 2; anything.
STRICT, LENIENT, ANY = range(3)


def even_enough(ledger: Ledger, a: int, b: int, tolerance: int = STRICT) -> bool:
    """STRICT: the leads of `a` and `b` do not have the same sign, so neither grows past 1.

    LENIENT: the smaller of two leads of one sign is 1 at most, so neither grows past 2.
    """
    if tolerance == ANY or not ledger.balanced:
        return True
    lead_a, lead_b = ledger.lead[a], ledger.lead[b]
    if lead_a * lead_b <= 0:
        return True
    return tolerance == LENIENT and min(abs(lead_a), abs(lead_b)) <= 1
