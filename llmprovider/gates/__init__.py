"""What stands between the queue and a provider, per provider and model, shared by all workers.

Rate limits, the vendors' own limits, pauses they ask for, a circuit, and refusals. The state is in
the database (`Gate`, `Grant`), so every worker process sees the same. docs/limits.md explains it.
"""

from llmprovider.gates.admission import Admitted, Wait, admit
from llmprovider.gates.lanes import Outage, Refusal, closed_until, outages, refused_since
from llmprovider.gates.rate_windows import Need
from llmprovider.gates.settlement import reopen, settle

__all__ = [
    "Admitted",
    "Need",
    "Outage",
    "Refusal",
    "Wait",
    "admit",
    "closed_until",
    "outages",
    "refused_since",
    "reopen",
    "settle",
]
