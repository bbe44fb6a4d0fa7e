import httpx
import pytest

from app import create_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_login_by_code(mail):
    server = mail.listeners["submission"]
    transport = httpx.ASGITransport(create_app(server.host, server.port))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        zoe = {"email": mail.address("zoe")}
        await client.post("/code", data=zoe)
        message = await mail.async_wait_for(to="zoe", subject="code")
        answer = await client.post("/login", data={**zoe, "code": message.code})
        assert answer.json() == {"status": "welcome"}
