"""The notifier that a workspace's configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping

from core.notify.deliver import Notifier
from sync.notify.settings import NotifyConfig


def notifier_of(config: NotifyConfig | None, env: Mapping[str, str]) -> Notifier | None:
    """Return it; None where nobody is told outside."""
    # Loaded here: most rounds of most workspaces tell nobody.
    if config is None:
        return None
    if config.command is not None:
        from sync.notify.command import CommandNotifier

        return CommandNotifier(config.command, env)
    from sync.notify.webhook import WebhookNotifier

    return WebhookNotifier(str(config.webhook), env)
