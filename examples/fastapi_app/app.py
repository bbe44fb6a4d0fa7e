"""Passwordless login: a code by mail. The mail is sent with correo's own client."""

import secrets

from fastapi import FastAPI, Form, HTTPException

from correo.clients.smtp import Envelope, EnvelopeRecipient, SmtpClient, TlsMode


def create_app(mail_host: str, mail_port: int) -> FastAPI:
    app = FastAPI()
    codes: dict[str, str] = {}

    @app.post("/code")
    async def send_code(email: str = Form()) -> dict[str, str]:
        codes[email] = f"{secrets.randbelow(10**6):06}"
        letter = (
            f"From: login@shop.test\r\nTo: {email}\r\nSubject: Your code\r\n\r\n"
            f"Your code is {codes[email]}.\r\n"
        )
        async with await SmtpClient.connect(mail_host, mail_port, tls=TlsMode.NONE) as client:
            envelope = Envelope("login@shop.test", [EnvelopeRecipient(email)])
            await client.send(envelope, letter.encode())
        return {"status": "sent"}

    @app.post("/login")
    async def login(email: str = Form(), code: str = Form()) -> dict[str, str]:
        if codes.pop(email, None) != code:
            raise HTTPException(403)
        return {"status": "welcome"}

    return app
