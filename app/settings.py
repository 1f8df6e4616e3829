"""Settings: read once from the environment (prefix `WATCHROOM_`), handed down as plain values."""

import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Mode = Literal["demo", "up"]


class Settings(BaseSettings):
    """Every setting, its default and its unit. `docs/reference/settings.md` is written from here."""

    model_config = SettingsConfigDict(env_prefix="WATCHROOM_", frozen=True, extra="ignore")

    data: Path = Field(Path("var"), description="Folder for the database, keys, broker and spools.")
    store: str | None = Field(None, description="postgresql://… or sqlite:///FILE; unset: DATA/watchroom.db.")
    host: str = Field("127.0.0.1", description="Address the pages and the API listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the pages and the API; 0 takes a free one.")
    public_url: str | None = Field(None, description="How people reach the pages, for links in notices.")
    tls_cert: Path | None = Field(None, description="Certificate for https; with TLS_KEY.")
    tls_key: Path | None = Field(None, description="Key for https.")
    behind_https: bool = Field(False, description="A proxy in front of us speaks https: cookies are Secure.")
    trusted_proxies: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-For is believed; comma between."
    )
    broker: str = Field("embedded", description="`embedded`, or mqtt(s)://user:password@host:port of a broker you own.")
    broker_host: str = Field("127.0.0.1", description="Address the embedded broker listens on.")
    broker_port: int = Field(1883, ge=0, le=65535, description="Port of the embedded broker; 0 takes a free one.")
    broker_cert: Path | None = Field(None, description="Certificate of the embedded broker; with BROKER_KEY.")
    broker_key: Path | None = Field(None, description="Key of the embedded broker.")
    broker_ca: Path | None = Field(None, description="CA of a broker you own, for mqtts.")
    tag_key_file: Path | None = Field(
        None, description="File with the master key of patrol tags; unset: DATA/keys/tags, made once."
    )
    secret_file: Path | None = Field(
        None, description="File with the server secret; unset: DATA/keys/secret, made once."
    )
    telemetry: Literal["store", "influx"] = Field("store", description="Where measured values go.")
    influx_url: str = Field("", description="InfluxDB 2 API (or VictoriaMetrics) URL.")
    influx_token: str = Field("", description="Its token.")
    influx_org: str = Field("", description="Its organisation.")
    influx_bucket: str = Field("watchroom", description="Its bucket.")
    smtp_host: str = Field("", description="Mail server for notices; unset: no e-mail is sent.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_user: str = Field("", description="Its user, if it wants one.")
    smtp_password: str = Field("", description="Its password.")
    smtp_starttls: bool = Field(False, description="Whether to start TLS.")
    smtp_from: str = Field("watchroom@localhost", description="The sender's address.")
    webhook_secret: str = Field("", description="Key that signs webhooks; unset: derived from the server secret.")
    allow_private_targets: bool = Field(False, description="Whether webhooks may go to private addresses.")
    metrics_token: str = Field("", description="Bearer token for /metrics from elsewhere than loopback.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def store_url(self) -> str:
        """Where the rows are."""
        return self.store or f"sqlite:///{self.data.absolute() / 'watchroom.db'}"

    def tag_key(self) -> bytes:
        """The master key of the patrol tags, 16 bytes: from its file (32 hexadecimal digits), else made once, mode 0600."""
        path = self.tag_key_file or self.data / "keys" / "tags"
        if not path.exists():
            if self.tag_key_file is not None:
                raise FileNotFoundError(f"WATCHROOM_TAG_KEY_FILE: {path} is not there")
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16), encoding="ascii")
        return bytes.fromhex(path.read_text(encoding="ascii").strip())

    def secret(self) -> bytes:
        """The server secret: from its file, else made once and kept with mode 0600."""
        path = self.secret_file or self.data / "keys" / "secret"
        if not path.exists():
            if self.secret_file is not None:
                raise FileNotFoundError(f"WATCHROOM_SECRET_FILE: {path} is not there")
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_text(encoding="ascii").strip().encode()
