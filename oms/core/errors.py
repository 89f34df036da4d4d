"""The one error class that a user can cause. Faces translate it once; everything else is a bug and crashes."""

from typing import Any


class BusinessError(Exception):
    """A request that cannot be done, with a sentence that says what to do about it.

    `code`: stable, for programs. `status`: the HTTP status the API answers with. `data`: the facts in the sentence.
    `pointer`: JSON pointer to the offending part of the request, where there is one.
    """

    code = "refused"
    status = 409

    def __init__(self, sentence: str, *, pointer: str = "", **data: Any) -> None:
        super().__init__(sentence)
        self.sentence = str(sentence)
        self.pointer = pointer
        self.data = data


class Invalid(BusinessError):
    """The request itself is wrong: correct it before sending it again."""

    code = "invalid"
    status = 422


class NotFound(BusinessError):
    """There is no such thing, or it belongs to somebody else: the two are never told apart."""

    code = "not_found"
    status = 404


class Conflict(BusinessError):
    """The thing has moved on: look at it again before deciding."""

    code = "conflict"


class NotAllowed(BusinessError):
    """This person or key may not do this."""

    code = "not_allowed"
    status = 403
