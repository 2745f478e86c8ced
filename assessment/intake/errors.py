"""What is wrong with the input, said so that its owner can put it right."""

from collections.abc import Iterable


def printable(value: str, *, longest: int = 300) -> str:
    """The value on one line, fit for a message: unprintable characters escaped, cut if long."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in value[: longest + 1]
    )
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


class InputError(ValueError):
    """One thing wrong with the input.

    `where` is the file, row or field, `problem` what is wrong with it, `remedy` what to do about
    it (a sentence). Holds no essay text. `errors` is this error alone, so that one `except`
    clause serves a single problem and `InputErrors` alike.
    """

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        self.where = printable(where, longest=1000)
        self.problem = problem
        self.remedy = remedy
        super().__init__(self.where, problem, remedy)

    @property
    def errors(self) -> tuple["InputError", ...]:
        return (self,)

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.remedy}"


class InputErrors(InputError):  # noqa: N818 - the plural says what it holds
    """Everything wrong with the input, in one go; `str()` is one problem per line.

    `where`, `problem` and `remedy` are those of the first problem. Raises `ValueError` when made
    of nothing.
    """

    def __init__(self, errors: Iterable[InputError]) -> None:
        self._errors = tuple(errors)
        if not self._errors:
            raise ValueError("InputErrors needs at least one error")
        first = self._errors[0]
        super().__init__(first.where, first.problem, first.remedy)
        self.args = (self._errors,)

    @property
    def errors(self) -> tuple[InputError, ...]:
        return self._errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self._errors)


class Refused(Exception):  # noqa: N818 - a signal between the readers and `texts`, never shown
    """A reader's reason not to take a file; `texts` makes an `InputError` of it."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem, remedy)
