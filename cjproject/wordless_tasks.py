"""Tasks whose failure tells its kind and place, never its words: those may quote a row."""

from typing import Any

from celery import Task
from celery.exceptions import TaskPredicate

from llmprovider.contracts.faults import fault_of
from llmprovider.contracts.log_contexts import hand_on_context, logging_context


class TaskFault(Exception):
    """A task failed. Says with what and where, as a log, a result row and a message may hold it."""


class WordlessTask(Task):
    """Celery logs and stores what a task raises, and a database's errors quote whole rows."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        try:
            with logging_context(task=self.name, task_id=self.request.id):
                return self.run(*args, **kwargs)
        except TaskPredicate:  # Retry, Ignore, Reject: no failures
            raise
        except Exception as error:
            fault = TaskFault(fault_of(error))
            hand_on_context(error, fault)  # it is logged where nothing of that holds any more
        # Outside the handler: an exception carries those that it was raised in.
        raise fault
