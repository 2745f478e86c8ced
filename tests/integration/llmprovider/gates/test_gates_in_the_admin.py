"""Gates in the admin: to be read, and to be opened again by those who may."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from llmprovider import gates
from llmprovider.models import Gate
from tests.integration.llmprovider.gates.lanes import LANE, OTHER, at, fail, open_the_circuit

pytestmark = pytest.mark.django_db

LIST = reverse("admin:llmprovider_gate_changelist")


def staff(*rights: str) -> Client:
    user = User.objects.create_user("-".join(rights), is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def close_all(client: Client) -> None:
    chosen = [gate.pk for gate in Gate.objects.all()]
    client.post(LIST, {"action": "close_the_circuit", "_selected_action": chosen})


def test_it_says_what_keeps_calls_waiting():
    open_the_circuit(lane=OTHER)
    fail(0, "authentication", outage=True)
    shown = staff("view_gate").get(LIST).content.decode()
    for words in ("openai:large", "anthropic:large", "our words about authentication"):
        assert words in shown


def test_who_may_change_gates_starts_them_afresh():
    open_the_circuit(lane=OTHER)
    fail(0, "authentication", outage=True)
    close_all(staff("view_gate", "change_gate"))
    assert gates.closed_until(at(1)) == {}
    assert gates.refused_since(*LANE) is None


def test_who_may_only_read_them_does_not():
    open_the_circuit(lane=OTHER)
    close_all(staff("view_gate"))
    assert list(gates.closed_until(at(1))) == [OTHER]


def test_nothing_else_of_a_gate_can_be_changed():
    open_the_circuit()
    client = staff("view_gate", "change_gate", "delete_gate", "add_gate")
    change = reverse("admin:llmprovider_gate_change", args=[Gate.objects.get().pk])
    assert client.post(change, {"failures": 0}).status_code == 403
    assert client.get(reverse("admin:llmprovider_gate_add")).status_code == 403
    assert Gate.objects.get().failures == 5
