"""A shop that confirms addresses by mail."""

import secrets
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

from flask import Flask, request, url_for


def create_app(mail_host: str, mail_port: int) -> Flask:
    app = Flask(__name__)
    waiting: dict[str, str] = {}

    @app.post("/signup")
    def signup() -> str:
        token = secrets.token_urlsafe(16)
        waiting[token] = request.form["email"]
        message = EmailMessage()
        message["From"] = "shop@shop.test"
        message["To"] = request.form["email"]
        message["Subject"] = "Confirm your address"
        message["Message-ID"] = make_msgid(domain="shop.test")
        link = url_for("confirm", token=token, _external=True)
        message.set_content(f"Confirm your address:\n{link}\n")
        message.add_alternative(f'<p><a href="{link}">Confirm your address</a></p>', subtype="html")
        with smtplib.SMTP(mail_host, mail_port) as client:
            client.send_message(message)
        return "Look into your inbox."

    @app.get("/confirm/<token>")
    def confirm(token: str) -> tuple[str, int]:
        email = waiting.pop(token, None)
        return (f"Welcome, {email}!", 200) if email else ("That link is used up.", 404)

    return app
