"""DNS in the hands of a test: what is not in the table does not exist.

    dns = FakeDns(mx={"b.test": [(10, "mx.b.test")]}, addresses={"mx.b.test": ["192.0.2.1"]})

A name can be made to fail for now with `fail`, and every question is remembered in `asked`.
"""

from collections.abc import Mapping, Sequence

from correo.base.dnstypes import DnsFailure, MailExchanger, NoSuchName, ServiceRecord

__all__ = ["FakeDns"]


class FakeDns:
    """A `base.dnstypes.Resolver` over tables; names lower-case, without final dot."""

    def __init__(
        self,
        *,
        mx: Mapping[str, Sequence[tuple[int, str]]] | None = None,
        addresses: Mapping[str, Sequence[str]] | None = None,
        texts: Mapping[str, Sequence[bytes]] | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
        services: Mapping[str, Sequence[tuple[int, int, int, str]]] | None = None,
    ) -> None:
        self.mx = {name: list(records) for name, records in (mx or {}).items()}
        self.table = {name: list(found) for name, found in (addresses or {}).items()}
        self.text_table = {name: list(found) for name, found in (texts or {}).items()}
        self.name_table = {address: list(found) for address, found in (names or {}).items()}
        self.service_table = {name: list(found) for name, found in (services or {}).items()}
        self.asked: list[tuple[str, str]] = []
        self._failing: set[str] = set()

    def fail(self, name: str, *, failing: bool = True) -> None:
        """Give no answer for this name (SERVFAIL), or answer again."""
        if failing:
            self._failing.add(name)
        else:
            self._failing.discard(name)

    async def mail_exchangers(self, domain: str) -> list[MailExchanger]:
        self._ask("MX", domain)
        return [MailExchanger(preference, host) for preference, host in self.mx.get(domain, [])]

    async def addresses(self, host: str) -> list[str]:
        self._ask("A", host)
        return list(self.table.get(host, []))

    async def texts(self, name: str) -> list[bytes]:
        self._ask("TXT", name)
        return list(self.text_table.get(name, []))

    async def services(self, name: str) -> list[ServiceRecord]:
        self._ask("SRV", name)
        return [ServiceRecord(*record) for record in self.service_table.get(name, [])]

    async def names(self, address: str) -> list[str]:
        self.asked.append(("PTR", address))
        if address not in self.name_table:
            raise NoSuchName(f"{address} has no name")
        return list(self.name_table[address])

    def _ask(self, kind: str, name: str) -> None:
        self.asked.append((kind, name))
        if name in self._failing:
            raise DnsFailure(f"no answer for {name}")
        tables = (self.mx, self.table, self.text_table, self.service_table)
        if all(name not in table for table in tables):
            raise NoSuchName(f"{name} does not exist")
