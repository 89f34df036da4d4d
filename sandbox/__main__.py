"""Run the sandbox carrier and the sandbox payment gateway in one process: `python -m sandbox`.

From the environment: what `python -m shipping.sandbox` reads, and SANDBOX_GATEWAY_PORT (0: any), SANDBOX_GATEWAY_KEY,
SANDBOX_GATEWAY_WEBHOOK_URL and GATEWAY_WEBHOOK_SECRET (whsec_…) for telling of payments, SANDBOX_GATEWAY_STATE (a file that a restart goes on
from).
"""

import os
import sys

from accounting.sandbox.gateway import Config, SandboxGatewayServer
from shipping.sandbox.__main__ import main as run_carrier


def main() -> int:
    env = os.environ.get
    config = Config(
        key=env("SANDBOX_GATEWAY_KEY", ""),
        port=int(env("SANDBOX_GATEWAY_PORT") or 0),
        webhook_url=env("SANDBOX_GATEWAY_WEBHOOK_URL", ""),
        webhook_secret=env("GATEWAY_WEBHOOK_SECRET", ""),
        state_path=env("SANDBOX_GATEWAY_STATE", ""),
    )
    if not config.key:
        print("Set SANDBOX_GATEWAY_KEY: the key that the sandbox payment gateway's shops show.", file=sys.stderr)
        return 2
    if config.webhook_url and not config.webhook_secret:
        print("Set GATEWAY_WEBHOOK_SECRET: calls of the webhook are signed with it.", file=sys.stderr)
        return 2
    try:
        server = SandboxGatewayServer(config)
    except OSError as error:
        print(f"The sandbox payment gateway cannot listen on port {config.port}: {error}.", file=sys.stderr)
        return 1
    with server as gateway:
        print(f"sandbox payment gateway on {gateway.url}", flush=True)
        return run_carrier()


if __name__ == "__main__":
    sys.exit(main())
