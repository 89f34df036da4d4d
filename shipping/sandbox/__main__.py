"""Run the sandbox carrier: `python -m shipping.sandbox`.

From the environment: SANDBOX_CARRIER_PORT (0: any), SANDBOX_CARRIER_KEY, SANDBOX_CARRIER_WEBHOOK_URL and
CARRIER_WEBHOOK_SECRET (whsec_…) for telling of parcels, SANDBOX_CARRIER_STEP_SECONDS, SANDBOX_CARRIER_STATE (a file that
a restart goes on from).
"""

import os
import signal
import sys
import threading

from shipping.sandbox.carrier import Config, SandboxCarrierServer


def main() -> int:
    env = os.environ.get
    config = Config(
        key=env("SANDBOX_CARRIER_KEY", ""),
        port=int(env("SANDBOX_CARRIER_PORT") or 0),
        webhook_url=env("SANDBOX_CARRIER_WEBHOOK_URL", ""),
        webhook_secret=env("CARRIER_WEBHOOK_SECRET", ""),
        step_seconds=float(env("SANDBOX_CARRIER_STEP_SECONDS") or 4),
        state_path=env("SANDBOX_CARRIER_STATE", ""),
    )
    if not config.key:
        print("Set SANDBOX_CARRIER_KEY: the key that the sandbox carrier's customers show.", file=sys.stderr)
        return 2
    if config.webhook_url and not config.webhook_secret:
        print("Set CARRIER_WEBHOOK_SECRET: calls of the webhook are signed with it.", file=sys.stderr)
        return 2
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        server = SandboxCarrierServer(config)
    except OSError as error:
        print(f"The sandbox carrier cannot listen on port {config.port}: {error}.", file=sys.stderr)
        return 1
    with server as carrier:
        print(f"sandbox carrier on {carrier.url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
