"""The cache counts looks, hits and misses, and is a cache all the same."""

from django.core.cache import cache

from tests.integration.metrics.meters import Meter


def test_looks_hits_and_misses_are_counted_and_values_come_back():
    """Issue 8: django-prometheus for web, database and cache"""
    meter = Meter()
    cache.delete("nothing")
    cache.set("zero", 0, 60)
    assert cache.get("nothing", "default") == "default"
    assert cache.get("zero", "default") == 0
    assert meter.total("django_cache_get_total") == 2
    assert meter.total("django_cache_get_hits_total") == 1
    assert meter.total("django_cache_get_misses_total") == 1
