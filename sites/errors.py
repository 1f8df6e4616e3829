"""What the register refuses."""

from collections.abc import Sequence

import msgspec

from core.errors import NotFound, Refusal


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong in a pack, and where: `file:line: field: why`."""

    file: str
    line: int
    field: str
    why: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.field}: {self.why}"
            if self.field
            else f"{self.file}:{self.line}: {self.why}"
        )


class PackRefused(Refusal):
    """The site pack cannot be loaded."""

    code = "pack_refused"
    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.errors = tuple(faults)
        first = f"{len(self.errors)} fault{'s' * (len(self.errors) != 1)} in the site pack; the first: {self.errors[0]}"
        super().__init__(first, errors=[str(fault) for fault in self.errors])


class LoginTaken(Refusal):
    """Someone else has this login."""

    code = "login_taken"


class EditUnfit(Refusal):
    """Patrol routes and plans cannot be as they were written."""

    code = "patrol_edit_unfit"
    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = [{"field": fault.field, "why": fault.why} for fault in faults[:100]]
        super().__init__(f"{faults[0].field}: {faults[0].why}", field=faults[0].field, faults=told)


class EditNotInPack(Refusal):
    """Patrol routes and plans were edited at the console and in the pack; take the edit into the pack, or import over it."""

    code = "patrol_edit_not_in_pack"


class EffectiveInPast(Refusal):
    """A version comes into force now or later, never in the past."""

    code = "effective_in_past"
    status = 422


class VersionPending(Refusal):
    """Another version comes into force later than that; withdraw it first, or let this one follow it."""

    code = "version_pending"


class NoSuchVersion(NotFound):
    """There is no such version of this site."""

    code = "version_not_found"


class VersionNotToCome(Refusal):
    """Only a version that is still to come can be withdrawn."""

    code = "version_not_to_come"


class OwnVersion(Refusal):
    """Who makes a version does not approve it."""

    code = "own_version"
