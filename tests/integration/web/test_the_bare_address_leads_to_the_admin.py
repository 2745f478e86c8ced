"""Whoever opens the address that `make web` prints gets to a page that is there."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_it_leads_to_the_admin(client: Client) -> None:
    answer = client.get("/", follow=True)
    assert answer.redirect_chain[0] == ("/admin/", 302)
    assert answer.status_code == 200
