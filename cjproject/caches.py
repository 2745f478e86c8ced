"""Django's caches with the counts of django-prometheus.

Its own classes need another Redis client, and give the default in place of a stored 0.
"""

from typing import Any, Final

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django_prometheus.cache.metrics import (
    django_cache_get_fail_total,
    django_cache_get_total,
    django_cache_hits_total,
    django_cache_misses_total,
)

_NOTHING: Final = object()


class Counting(BaseCache):
    """Counts looks, hits, misses and failures of `get`."""

    kind = ""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        django_cache_get_total.labels(backend=self.kind).inc()
        try:
            found = super().get(key, _NOTHING, version)
        except Exception:
            django_cache_get_fail_total.labels(backend=self.kind).inc()
            raise
        if found is _NOTHING:
            django_cache_misses_total.labels(backend=self.kind).inc()
            return default
        django_cache_hits_total.labels(backend=self.kind).inc()
        return found


class CountingLocMemCache(Counting, LocMemCache):
    kind = "locmem"


class CountingRedisCache(Counting, RedisCache):
    kind = "redis"
