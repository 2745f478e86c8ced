"""Pages of a list."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`?page=2&page_size=50`; a page has 100 entries unless another size is asked for."""

    page_size_query_param = "page_size"
    max_page_size = 1_000
