"""What the logbook refuses."""

from core.errors import Invalid, NotFound, Refusal


class NoSuchForm(Invalid):
    """There is no such form at this site."""

    code = "form_not_found"


class FieldOwed(Invalid):
    """The form asks for this field."""

    code = "field_required"


class FieldWrong(Invalid):
    """The form takes no such answer here."""

    code = "field_wrong"


class NotYet(Invalid):
    """The logbook tells of what has happened, not of what will."""

    code = "not_yet_happened"


class TooLongAgo(Invalid):
    """That is too long ago for an entry; look at the year."""

    code = "too_long_ago"


class NoSuchEntry(NotFound):
    """There is no such entry in this logbook."""

    code = "entry_not_found"


class TextGone(Refusal):
    """The text of that entry was deleted after its time."""

    code = "text_gone"
    status = 409


class NotYours(Refusal):
    """An entry is corrected by who wrote it, or by a supervisor."""

    code = "not_your_entry"
    status = 403


class IsCorrection(Refusal):
    """That entry is itself a correction: correct the first one."""

    code = "is_correction"
    status = 409


class NotWritten(Refusal):
    """That entry was made by the system; write a note about it instead."""

    code = "not_written_by_hand"
    status = 409


class FileTooLarge(Invalid):
    """An attachment has at most 10 MB."""

    code = "file_too_large"
    status = 413


class FileType(Invalid):
    """Attach a JPEG, PNG, WebP, PDF or plain text file."""

    code = "file_type"


class FileGone(NotFound):
    """There is no such attachment here."""

    code = "file_not_found"


class FileChanged(Refusal):
    """The attachment was changed on disk: it is not what was attached."""

    code = "file_changed"
    status = 409


class NotAttached(Invalid):
    """Upload the file before you attach it."""

    code = "not_uploaded"


class NoSuchCategory(Invalid):
    """The site has no such category."""

    code = "no_such_category"


class NotTagged(Refusal):
    """A categorising entry is not put into a category itself."""

    code = "not_tagged"
    status = 409


class NoSuchHold(NotFound):
    """There is no such hold at this site."""

    code = "hold_not_found"


class AlreadyLifted(Refusal):
    """The hold was lifted before."""

    code = "hold_lifted"
    status = 409


class ClockDoubted(Refusal):
    """Nothing was written for a month: look at the server's clock before anything is deleted."""

    code = "clock_doubted"
    status = 409


class NoFont(Refusal):
    """The server has no font for Chinese: install fonts-wqy-microhei or fonts-noto-cjk."""

    code = "no_font"
    status = 503


class NotPrinted(Refusal):
    """The pages of the archive could not be made."""

    code = "not_printed"
    status = 500


class MonthNotOver(Refusal):
    """A month can be archived when it is over."""

    code = "month_not_over"
    status = 409


class AlreadyArchived(Refusal):
    """The month has been archived already."""

    code = "already_archived"
    status = 409


class ArchiveBusy(Refusal):
    """Another archive is being made; wait a little."""

    code = "archive_busy"
    status = 409


class NoSuchArchive(NotFound):
    """There is no archive of that month."""

    code = "archive_not_found"


class AlreadyReceived(Refusal):
    """The archive has been received already."""

    code = "already_received"
    status = 409


class LogBroken(Refusal):
    """The log does not verify: it is not archived."""

    code = "log_broken"
    status = 409


class NoReviews(Refusal):
    """Days are not signed at this site."""

    code = "no_reviews"
    status = 409


class NotTheReviewer(Refusal):
    """The day is signed by another role at this site."""

    code = "not_the_reviewer"
    status = 403


class DayNotOver(Refusal):
    """A day can be signed when it is over."""

    code = "day_not_over"
    status = 409


class OnlyPersonOnDuty(Refusal):
    """You were the only person on duty that day: somebody else must look it through."""

    code = "only_person_on_duty"
    status = 403


class AlreadySigned(Refusal):
    """The day has been signed already."""

    code = "already_signed"
    status = 409


class NotAPhoto(Invalid):
    """The file is no photo that can be read."""

    code = "not_a_photo"
