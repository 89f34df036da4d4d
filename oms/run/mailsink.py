"""A mail server that keeps what it gets as files, so that a demo shows its mail and bothers nobody."""

import os
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MOST_MAILS = 2000


class KeepInFolder:
    """Keeps each mail as an .eml file, whole or not at all, and the newest MOST_MAILS of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.count += 1
        name = f"{time.time_ns()}-{self.count:06d}.eml"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        partial = self.folder / f".{name}"
        partial.write_bytes(content)
        partial.rename(self.folder / name)
        if self.count % 100 == 1:
            self._forget_old()
        return "250 Kept"

    def _forget_old(self) -> None:
        for old in sorted(self.folder.glob("*.eml"))[:-MOST_MAILS]:
            old.unlink(missing_ok=True)


def main() -> None:
    controller = Controller(
        KeepInFolder(Path(os.environ["MAIL_SINK_DIR"])),
        hostname="127.0.0.1",
        port=int(os.environ["MAIL_SINK_PORT"]),
        data_size_limit=20_000_000,
    )
    controller.start()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        controller.stop()


if __name__ == "__main__":
    main()
