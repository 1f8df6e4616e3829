"""E-mail by SMTP. The server's own last word (`250 queued as …`) is what we keep."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from notify.delivery import Answered, Order, Outcome, StillOwed, kept, refused
from notify.settings import NotifySettings


def send(order: Order, settings: NotifySettings, at: datetime, still_owed: StillOwed) -> Outcome:
    """Hand one message to the mail server; blocks, at most `timeout_s` for connecting and as long again for the rest.
    Raises Answered when it is no longer owed once the server is ready for the text.
    """
    if not settings.smtp_host:
        return refused("not_set_up", "no mail server is set (WATCHROOM_SMTP_HOST)")
    try:
        message = _message(order, settings, at)
    except (ValueError, IndexError, MessageError) as wrong:
        return refused("bad_target", str(wrong))
    try:
        with _connected(settings) as server:
            return _hand_over(server, message, order.target, settings, still_owed)
    except smtplib.SMTPResponseException as said:
        return Outcome(ok=False, code=str(said.smtp_code), body=kept(said.smtp_error))
    except (OSError, smtplib.SMTPException) as wrong:
        return Outcome(ok=False, code=type(wrong).__name__, body=kept(str(wrong)))


def _message(order: Order, settings: NotifySettings, at: datetime) -> EmailMessage:
    """The policy refuses a header with a line break in it; the target must be one address and nothing else."""
    to = Address(addr_spec=order.target)
    if not order.target.isascii():
        raise ValueError("an address outside ASCII cannot be reached")
    message = EmailMessage(SMTP)
    message["From"] = settings.smtp_from
    message["To"] = to
    message["Subject"] = order.message.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{order.id}@watchroom>"
    message["X-Watchroom-Notice"] = order.id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(order.message.text, cte="base64")
    return message


@contextmanager
def _connected(settings: NotifySettings) -> Iterator[smtplib.SMTP]:
    """A connection that is gone afterwards whatever the server does: what was settled at DATA is not undone by a QUIT that
    goes wrong, and a server that says one byte a second, never too late for a socket, is hung up on.
    """
    server = _open(settings)
    deadline = threading.Timer(settings.timeout_s, _hang_up, (server,))
    deadline.daemon = True
    deadline.start()
    try:
        yield server
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
    finally:
        deadline.cancel()
        server.close()


def _open(settings: NotifySettings) -> smtplib.SMTP:
    host, port, wait = settings.smtp_host, settings.smtp_port, settings.timeout_s
    if port == smtplib.SMTP_SSL_PORT:
        return smtplib.SMTP_SSL(host, port, timeout=wait, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=wait)


def _hand_over(
    server: smtplib.SMTP, message: EmailMessage, to: str, settings: NotifySettings, still_owed: StillOwed
) -> Outcome:
    if settings.smtp_starttls:
        server.starttls(context=ssl.create_default_context())
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)
    server.ehlo_or_helo_if_needed()
    for code, said in (server.mail(Address(addr_spec=_bare(settings.smtp_from)).addr_spec), server.rcpt(to)):
        if code >= 300:
            return Outcome(ok=False, code=str(code), body=kept(said))
    if not still_owed():
        raise Answered
    code, said = server.data(message.as_bytes())
    return Outcome(ok=code < 300, code=str(code), body=kept(said))


def _bare(sender: str) -> str:
    """The address in `Watchroom <watchroom@example.com>`."""
    return sender.rpartition("<")[2].rstrip("> ")


def _hang_up(server: smtplib.SMTP) -> None:
    """A server that answers one byte a second never meets a socket's own time limit; this does."""
    with suppress(OSError):
        if server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)
