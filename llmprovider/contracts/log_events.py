"""Lines of the log about something that happened: a stable name for it, and fields."""

import logging

# Where a record holds them.
EVENT, FIELDS = "cj_event", "cj_fields"


def tell(log: logging.Logger, level: int, event: str, words: str = "", /, **fields: object) -> None:
    """Log `event` with `fields` (None: left out), in a line that reads "words name=value ...".

    `words`: a fixed sentence, where the event's own name does not say enough. Neither may hold a
    text, a person's name or a key.
    """
    if not log.isEnabledFor(level):
        return
    known = {name: value for name, value in fields.items() if value is not None}
    line = " ".join(
        [words or event.replace("_", " "), *(f"{name}={value}" for name, value in known.items())]
    )
    log.log(level, "%s", line, extra={EVENT: event, FIELDS: known}, stacklevel=2)
