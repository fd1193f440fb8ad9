"""Rules of the family `routing`: which queue a task gets into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.routing.default_queue_broadcast import DefaultQueueBroadcast
from qtopo.rules.routing.glob_without_star import GlobWithoutStar
from qtopo.rules.routing.headers_binding_empty import HeadersBindingEmpty
from qtopo.rules.routing.headers_binding_match import HeadersBindingMatch
from qtopo.rules.routing.headers_route_without_headers import HeadersRouteWithoutHeaders
from qtopo.rules.routing.multi_delivery import MultiDelivery
from qtopo.rules.routing.route_duplicate import RouteDuplicate
from qtopo.rules.routing.route_exchange_missing import RouteExchangeMissing
from qtopo.rules.routing.route_exchange_not_bound import RouteExchangeNotBound
from qtopo.rules.routing.route_exchange_without_queue import RouteExchangeWithoutQueue
from qtopo.rules.routing.route_key_has_wildcard import RouteKeyHasWildcard
from qtopo.rules.routing.route_key_ignored import RouteKeyIgnored
from qtopo.rules.routing.route_key_missing import RouteKeyMissing
from qtopo.rules.routing.route_key_unbound import RouteKeyUnbound
from qtopo.rules.routing.route_key_wrong_queue import RouteKeyWrongQueue
from qtopo.rules.routing.route_shadowed import RouteShadowed

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    RouteDuplicate,
    RouteShadowed,
    GlobWithoutStar,
    RouteExchangeWithoutQueue,
    RouteExchangeNotBound,
    RouteExchangeMissing,
    RouteKeyMissing,
    RouteKeyHasWildcard,
    RouteKeyUnbound,
    RouteKeyWrongQueue,
    RouteKeyIgnored,
    MultiDelivery,
    HeadersRouteWithoutHeaders,
    HeadersBindingEmpty,
    DefaultQueueBroadcast,
    HeadersBindingMatch,
)
