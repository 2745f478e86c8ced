"""A certificate of this test run's own for one host name."""

import ssl
import subprocess
from pathlib import Path


def certificate_for(host: str, folder: Path) -> Path:
    """A file with key and self-signed certificate; whoever trusts it trusts `host` only."""
    key, certificate, both = (folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={host}", "-keyout", key, "-out", certificate),
            *("-addext", f"subjectAltName=DNS:{host}"),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + certificate.read_text())
    return both


def serving_with(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
