"""Settings: one record with a default and a help text each, set by PAREDOWN_<NAME> or the CLI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _data_folder() -> Path:
    """The place that the XDG base directory specification gives to a user's own data."""
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".local/share") / "paredown"


class Settings(BaseSettings):
    """What a person may want to set; the environment wins over the default."""

    model_config = SettingsConfigDict(env_prefix="PAREDOWN_", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8050, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    data: Path = Field(
        default_factory=_data_folder,
        description="Folder for the models, the database and the cache.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Host names, besides this machine's own, that a browser may ask for.",
    )
    access: Literal["local", "proxy"] = Field(
        default="local",
        description="local: one person, on this machine; proxy: people whom a proxy names.",
    )
    token: bool = Field(
        default=True, description="In local mode, answer only who has the token of the start."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses of the proxy that is believed; socket: on a Unix socket.",
    )
    proxy_secret: SecretStr = Field(
        default=SecretStr(""), description="What the proxy sends as X-Proxy-Secret."
    )
    user_header: str = Field(
        default="X-Forwarded-User", description="Header with the name of who asks."
    )
    groups_header: str = Field(
        default="X-Forwarded-Groups", description="Header with their groups, commas between."
    )
    admins: tuple[str, ...] = Field(default=(), description="Names of those who administrate.")
    secret: SecretStr = Field(
        default=SecretStr(""),
        description="Key that links are signed with; in local mode one is kept in the data folder.",
    )
    upload_bytes: int = Field(
        default=2 * 10**9, gt=0, description="Largest file that may be uploaded."
    )
    body_bytes: int = Field(
        default=16 * 10**6, gt=0, description="Largest body of any other request."
    )
    compilations: int = Field(default=16, ge=1, description="Compiled models kept in memory.")
    scheduler: str = Field(
        default="", description="tls://host:port of the Dask scheduler that carries out jobs."
    )
    processes: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64,
        description="Processes for jobs on this machine.",
    )  # fmt: skip
    memory: int = Field(
        default=4 * 10**9, ge=2 * 10**8, description="Bytes of memory of each such process."
    )
    lease_s: float = Field(
        default=15.0, ge=1.0, description="Seconds after which a dead worker is replaced."
    )
    jobs: bool = Field(default=True, description="Start a worker when there are jobs.")
    cache_bytes: int = Field(default=10**9, ge=10**6, description="Size of the cache on disk.")
    source_root: Path | None = Field(
        default=None, description="Folder with the sources of the models, for the Code dock."
    )
    usage: bool = Field(
        default=True, description="Note what people do, for the page of admins; no contents."
    )
    usage_days: int = Field(
        default=730, ge=1, le=36500, description="Days after which these notes are dropped."
    )
    test_accounts: tuple[str, ...] = Field(
        default=(), description="Names of people who only test, whom the usage leaves out."
    )
    demo: bool = Field(default=True, description="Put the demo models into an empty list, once.")
