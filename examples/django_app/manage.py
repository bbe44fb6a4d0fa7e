"""A Django project in one file: a newsletter that people confirm by a link."""

import sys

import django
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    DEBUG=True,
    SECRET_KEY="only for this example",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    DATABASES={},
)
django.setup()


def subscribe(request: HttpRequest) -> HttpResponse:
    email = request.POST["email"]
    link = request.build_absolute_uri(f"/confirm/{signing.dumps(email)}")
    send_mail("Confirm", f"Yes, send me the newsletter: {link}", "news@shop.test", [email])
    return HttpResponse("Look into your inbox.")


def confirm(_request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(f"{signing.loads(token)} gets the newsletter.")


urlpatterns = [path("subscribe", subscribe), path("confirm/<str:token>", confirm)]

if __name__ == "__main__":
    sys.modules["manage"] = sys.modules["__main__"]
    execute_from_command_line(sys.argv)
