"""A certificate authority of our own, and the broker's certificate under it: TLS on a site without an internet name.

Gateways are given `ca.crt` once. Made again, an authority that is there stays as it is; the server's certificate is renewed
when its names changed or its last month has begun.
"""

import ipaddress
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
_EARLIER = timedelta(minutes=10)  # a gateway's clock may run behind ours


def ensure(folder: Path, names: Sequence[str], now: datetime) -> bool:
    """Have `ca.crt`, `server.crt` and `server.key` in `folder`, valid for `names`. True when the server's was (re)made."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, key = _authority(folder, now)
    if _still_good(folder / "server.crt", authority, names, now):
        return False
    server_key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _draft(names[0], authority.subject, server_key, now, SERVER_LIFE)
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "server.key", server_key)
    _write(folder / "server.crt", certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return True


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
    """The authority in `folder`, made if there is none."""
    crt, key_file = folder / "ca.crt", folder / "ca.key"
    if crt.exists() and key_file.exists():
        kept = serialization.load_pem_private_key(key_file.read_bytes(), None)
        return x509.load_pem_x509_certificate(crt.read_bytes()), kept  # type: ignore[return-value]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchroom site authority")])
    certificate = (
        _draft("Watchroom site authority", subject, key, now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_may_sign(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    _write(crt, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return certificate, key


def _draft(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
    )


def _may_sign() -> x509.KeyUsage:
    """Certificates and revocation lists, nothing else."""
    signs, no = True, False
    return x509.KeyUsage(
        digital_signature=no,
        content_commitment=no,
        key_encipherment=no,
        data_encipherment=no,
        key_agreement=no,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=no,
        decipher_only=no,
    )


def _still_good(crt: Path, authority: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    if not crt.exists() or not crt.with_suffix(".key").exists():
        return False
    kept = x509.load_pem_x509_certificate(crt.read_bytes())
    has = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        list(has) == [_name(n) for n in names]
        and kept.issuer == authority.subject
        and now + RENEW_BEFORE < kept.not_valid_after_utc
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, pem, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all: a server that reloads meanwhile sees the old file or the new one."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
    fresh.replace(path)
