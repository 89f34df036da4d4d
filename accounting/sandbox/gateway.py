"""The sandbox payment gateway in full: its memory, its temper, its door, and the thread that tells of payments."""

from dataclasses import dataclass

from accounting.sandbox.mischief import PaymentOrders
from accounting.sandbox.register import Register
from accounting.sandbox.server import PaymentDoor, told
from sandbox.calls import keep_calling
from sandbox.mischief import Temper
from sandbox.running import Sandbox, Settings


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """`lifetime_seconds`: how long a checkout can be paid."""

    lifetime_seconds: float = 3600.0


class SandboxGatewayServer(Sandbox):
    """`with SandboxGatewayServer(config) as gateway: gateway.url`."""

    def __init__(self, config: Config) -> None:
        self.register = Register(config.state_path, lifetime_seconds=config.lifetime_seconds)
        self.temper = Temper(PaymentOrders)
        self._caller = config.caller("sandbox-pay/1")
        super().__init__(PaymentDoor(config.port, key=config.key, register=self.register, temper=self.temper), self.register, self._tell)

    def _tell(self) -> None:
        keep_calling(self._caller, self.register, self._stopping, told, before=lambda: self.register.expire(self.temper.orders))
