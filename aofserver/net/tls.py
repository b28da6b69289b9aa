"""TLS: the context that the options describe."""

from __future__ import annotations

import ssl

from aofserver.config import Config

_CERTIFICATES = {
    "yes": ssl.CERT_REQUIRED,
    "optional": ssl.CERT_OPTIONAL,
    "no": ssl.CERT_NONE,
}


def tls_context(config: Config) -> ssl.SSLContext:
    """What a TLS port is opened with. Raises OSError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.text("tls-cert-file"), config.text("tls-key-file") or None)
    if config.text("tls-ca-cert-file"):
        context.load_verify_locations(config.text("tls-ca-cert-file"))
    context.verify_mode = _CERTIFICATES[config.text("tls-auth-clients")]
    return context
