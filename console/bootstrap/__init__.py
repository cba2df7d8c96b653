"""The only wiring: where the ports of `core` meet what `sync` makes of them.

No other module of the console imports `sync`; a contract holds that.
"""

from console.bootstrap.opening import Opened, open_here

__all__ = ["Opened", "open_here"]
