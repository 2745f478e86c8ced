"""What repeats exactly, and what is drawn anew."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

from llmprovider.emulator import PROFILES, Bursts, Emulator, Fault, Profile
from llmprovider.prompting.prompts import Prompt
from llmprovider.providers.latent_quality import LatentJudge
from tests.integration.emulator.calls import (
    ask,
    chat_body,
    claude,
    gpt,
    message_body,
    pairs,
    prompt,
    response_body,
    text,
    verdicts,
)

NOISY = LatentJudge(seed=3, slope=0.2)


def winner(emulator: Emulator, pair: tuple[str, str], **options: str) -> str:
    return verdicts(ask(emulator, prompt((pair,), **options)))["c1"]


def test_neither_order_nor_bundles_nor_codes_change_a_first_verdict():
    """T40."""
    wanted = pairs(10)
    with Emulator(judge=NOISY) as emulator:
        together = list(verdicts(ask(emulator, prompt(wanted))).values())
    with Emulator(judge=NOISY) as emulator:
        singly = [
            winner(emulator, pair, nonce=f"{number:016}", seed=str(number))
            for number, pair in reversed(list(enumerate(wanted)))
        ]
    assert together == singly[::-1]
    assert len(set(together)) == 2


def test_asking_again_draws_anew_and_that_repeats_too():
    """T41: a retry draws anew."""
    runs = []
    for _ in range(2):
        with Emulator(judge=NOISY) as emulator:
            runs.append([winner(emulator, (text(1), text(2))) for _ in range(20)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_another_seed_is_another_run():
    def run(seed: int) -> list[str]:
        with Emulator(judge=LatentJudge(seed=seed, slope=0.2)) as emulator:
            return list(verdicts(ask(emulator, prompt(pairs(20)))).values())

    assert run(1) != run(2)


def test_the_profiles_faults_repeat_whatever_the_order_and_a_retry_draws_anew():
    profile = Profile("half", "Half fail.", faults={Fault.SERVER_ERROR: 0.5})
    questions = pairs(12)

    def statuses(order: list[int]) -> dict[int, list[int]]:
        with Emulator(profile, judge=NOISY) as emulator:
            return {
                at: [
                    ask(emulator, prompt((questions[at],), nonce=f"{n}{at:015}")).status_code
                    for n in range(3)
                ]
                for at in order
            }

    forth, back = statuses(list(range(12))), statuses(list(range(11, -1, -1)))
    assert forth == back
    assert any(len(set(seen)) == 2 for seen in forth.values())


def test_a_burst_strikes_calls_in_a_row():
    profile = Profile("bursty", "Always.", bursts=Bursts(0.1, 4, Fault.OVERLOADED))
    with Emulator(profile, judge=NOISY) as emulator:
        row = [ask(emulator, prompt((pair,))).status_code for pair in pairs(40)]
    lengths = [len(run) for run in "".join("x" if s == 529 else "." for s in row).split(".") if run]
    assert lengths and all(length % 4 == 0 for length in lengths[:-1])


def test_shares_of_winners_are_those_of_the_profile():
    """The three profiles named after runs of an earlier system; see docs/emulator.md."""
    for name, low, high in (
        ("cj_generic_batch", 1.0, 1.0),
        ("eng5_anchor", 0.45, 0.61),
        ("eng5_lower5", 0.32, 0.48),
    ):
        profile = Profile(name, "At once.", first_share=PROFILES[name].first_share)
        won = []
        with Emulator(profile) as emulator:
            for bundle in range(5):
                asked = [(text(64 * bundle + at), text(64 * bundle + at + 1)) for at in range(64)]
                body = message_body(prompt(asked), max_tokens=20_000)
                message = claude(emulator).messages.create(**body)
                won.append(message.content[0].text.count('"winner":"first"'))
        assert low <= sum(won) / 320 <= high, name


def test_a_truth_table_comes_before_a_share():
    truth = {hashlib.sha256(text(n).encode()).hexdigest(): float(n) for n in (1, 2)}
    with Emulator("cj_generic_batch", judge=LatentJudge(slope=50, truth=truth)) as emulator:
        assert winner(emulator, (text(1), text(2))) == "second"


def answered(emulator: Emulator, asked: Prompt, endpoint: int) -> list[str]:
    """The winners of one comparison asked twice over one connection."""
    texts = []
    for _ in range(2):
        if endpoint == 0:
            message = claude(emulator).messages.create(**message_body(asked))
            texts.append(message.content[0].text)
        elif endpoint == 1:
            texts.append(gpt(emulator).responses.create(**response_body(asked)).output_text)
        else:
            completion = gpt(emulator).chat.completions.create(**chat_body(asked))
            texts.append(str(completion.choices[0].message.content))
    return [json.loads(found)["comparisons"][0]["winner"] for found in texts]


def test_thirty_clients_at_once_get_each_their_own_answer():
    """Both vendors, all three endpoints."""
    asked = [prompt(((text(3 * n), text(3 * n + 1)),)) for n in range(30)]
    with Emulator(judge=NOISY) as alone:
        expected = [answered(alone, one, n % 3) for n, one in enumerate(asked)]
    with Emulator(judge=NOISY) as emulator, ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda n: answered(emulator, asked[n], n % 3), range(30)))
        assert found == expected
        assert [call.status for call in emulator.calls] == [200] * 60
    assert len({tuple(winners) for winners in expected}) > 1


def test_the_flaky_profile_fails_one_call_in_five():
    """Its shares sum to 20 %, and that is what comes out."""
    profile = PROFILES["flaky"]
    assert round(sum(profile.faults.values()), 9) == 0.2
    quick = Profile("flaky at once", "No waiting.", faults=profile.faults)
    with Emulator(quick, judge=NOISY) as emulator:
        questions = [
            emulator.state.question(prompt((pair,)).user)
            for pair in [(text(a), text(b)) for a in range(45) for b in range(45) if a != b]
        ]
        struck = [emulator.state.fault_for(question, "m", None) for question in questions]
    share = sum(fault is not None for fault in struck) / len(struck)
    assert 0.17 < share < 0.23
    assert {fault.fault for fault in struck if fault} == set(profile.faults)
