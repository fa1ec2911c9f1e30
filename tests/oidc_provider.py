"""A small OpenID Connect provider on loopback, for tests of the login: code flow with PKCE, signed tokens.

It asks who one is and believes it. What it checks is what a provider checks of a client: the secret, where the
answer goes, the code, once, and the proof that whoever brings the code also asked for it.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

_FORM = """<!doctype html><title>Provider</title><form method="post">
<label>Address <input name="email"></label><label><input type="checkbox" name="unverified"> not verified</label>
<button>Continue</button></form>"""


@dataclass
class OidcProvider:
    """The provider and its one client.

    Attributes
    ----------
    issuer, redirect_uri
        Where it is, and where it may send people back to.
    client_id, client_secret
        Of the client.
    refused : list of str
        Why it refused a request for a token.
    """

    issuer: str
    redirect_uri: str
    client_id: str = "the-dashboard"
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    refused: list[str] = field(default_factory=list)
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}), repr=False)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def metadata_url(self) -> str:
        """Where it describes itself."""
        return f"{self.issuer}/.well-known/openid-configuration"

    def app(self) -> Starlette:
        """Give what answers."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize, methods=["GET", "POST"]),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _describe(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked["client_id"] != self.client_id or asked["redirect_uri"] != self.redirect_uri:
            return Response("unknown client", status_code=400)
        if request.method == "GET":
            return HTMLResponse(_FORM)
        form = {name: str(value) for name, value in (await request.form()).items()}
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked | form
        return RedirectResponse(f"{self.redirect_uri}?code={code}&state={asked['state']}", status_code=303)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        asked = self._codes.pop(str(form.get("code")), None)
        proof = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        wrong = [
            what
            for what, holds in (
                ("client", request.headers.get("authorization") == f"Basic {expected}"),
                ("code", asked is not None),
                ("proof", asked and base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == asked["code_challenge"]),
            )
            if not holds
        ]  # fmt: skip
        if wrong or asked is None:
            self.refused.extend(wrong)
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": self.client_id, "sub": asked["email"], "iat": now, "exp": now + 600,
            "nonce": asked["nonce"], "email": asked["email"], "email_verified": "unverified" not in asked,
        }  # fmt: skip
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
        access_token = secrets.token_urlsafe(24)
        return JSONResponse(
            {"access_token": access_token, "token_type": "Bearer", "expires_in": 600, "id_token": id_token}
        )


@contextmanager
def running_provider(port: int, redirect_uri: str) -> Iterator[OidcProvider]:
    """Run a provider in a thread until the end of the block."""
    provider = OidcProvider(f"http://127.0.0.1:{port}", redirect_uri)
    server = uvicorn.Server(
        uvicorn.Config(provider.app(), host="127.0.0.1", port=port, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run, name="provider")
    thread.start()
    try:
        give_up = time.monotonic() + 60
        while not server.started:
            if time.monotonic() > give_up:
                msg = "the provider does not start"
                raise TimeoutError(msg)
            time.sleep(0.05)
        yield provider
    finally:
        server.should_exit = True
        thread.join()
