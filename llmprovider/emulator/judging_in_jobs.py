"""One request of a batch job, judged as a call is, without a call's waits and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from llmprovider.contracts import TokenUsage
from llmprovider.emulator.call_logs import Call
from llmprovider.emulator.faults import Fault
from llmprovider.emulator.http_messages import Reply
from llmprovider.emulator.judging import Dialect, billed, reply_of_fault, written_answer
from llmprovider.emulator.states import State, key_name, pair_names
from llmprovider.emulator.vendor_errors import VendorError
from llmprovider.providers.latent_quality import UnknownText


@dataclass(frozen=True)
class Judged:
    """One request of a batch job: the reply it would have had as a call, and what it used."""

    reply: Reply
    model: str = ""
    usage: TokenUsage | None = None


def judge_in_job(
    dialect: Dialect, state: State, key: str, headers: Mapping[str, str], body: Any, job: str
) -> Judged:
    """As `judge`, but without limits and waits, which a job has of its own; errors cost nothing.

    What would end a connection ends here in a server error. Its line in the log names the job.
    """
    call = Call(
        at=state.clock.now(),
        seconds=0.0,
        endpoint=dialect.endpoint,
        model="",
        key=key_name(key),
        status=0,
        request_id=f"req_emulated_{state.serial():08d}",
        job=job,
    )
    judged, call = _judged_in_job(dialect, state, key, headers, body, call)
    state.log.add(replace(call, status=judged.reply.status))
    return judged


def _judged_in_job(
    dialect: Dialect, state: State, key: str, headers: Mapping[str, str], body: Any, call: Call
) -> tuple[Judged, Call]:
    try:
        if not isinstance(body, dict):
            raise VendorError(400, "invalid_request_error", "The body must be a JSON object.")
        ask = dialect.read(headers, body, state)
        call = replace(call, model=ask.model.name)
        question = state.question(ask.user)
        call = replace(call, items=question.items, pairs=tuple(pair_names(question)))
        coming = state.fault_for(question, ask.model.name, None)
        if coming:
            call = replace(call, fault=coming.fault.value)
            reply = reply_of_fault(dialect, coming, ask, key, call.request_id)
            cut = coming.fault in (Fault.MALFORMED_BODY, Fault.CUT_OFF)
            if cut or (reply and (reply.cut or reply.status == 502)):
                raise dialect.wordings[Fault.SERVER_ERROR].error()
            if reply:
                return Judged(reply, ask.model.name), call
        use = dialect.cache_use(ask, key, state)
        written = written_answer(state, ask, question, coming.fault if coming else None)
    except VendorError as error:
        return Judged(dialect.error(error, call.request_id)), replace(call, error=error.message)
    except (UnknownText, ValueError) as error:
        refusal = VendorError(400, "invalid_request_error", f"emulator: {error}")
        return Judged(dialect.error(refusal, call.request_id)), replace(call, error=refusal.message)
    state.cache.keep(use.kept, state.clock.now())
    reply = dialect.answer(ask, written, use, call.request_id)
    usage = TokenUsage(
        input=use.total,
        output=written.output_tokens,
        cache_read=use.read,
        cache_write=use.written,
        cache_write_1h=use.write_1h,
        reasoning=written.reasoning_tokens,
    )
    return Judged(reply, ask.model.name, usage), billed(call, use, written)
