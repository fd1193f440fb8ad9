"""Policies as comments, and what they do to which queues.

What a policy adds is no argument of the queue: who declares it with one gets 406
PRECONDITION_FAILED. It stays on the broker, and out of the file.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from qtopo.importers.declarations.keep import inline, names, pairs
from qtopo.importers.declarations.policies import UnsureError, counting, type_of
from qtopo.importers.draft import WARNING

if TYPE_CHECKING:
    from qtopo.importers.declarations.objects import ExchangeFound, Objects, Policy, QueueFound
    from qtopo.importers.draft import Draft

_MOST = 50
_SECONDS = 5.0
_FOR_EXCHANGES = frozenset(
    {
        "alternate-exchange",
        "federation-upstream",
        "federation-upstream-pattern",
        "federation-upstream-set",
    }
)


def tell_policies(
    objects: Objects,
    queues: dict[str, QueueFound],
    exchanges: dict[str, ExchangeFound],
    draft: Draft,
) -> None:
    """Keep every policy as a comment, and note what it does."""
    if not objects.policies:
        return
    effects = Effects(objects, queues, exchanges)
    for index, policy in enumerate(objects.policies):
        touched = effects.touched[policy.operator, policy.name]
        said = _says(policy, touched, effects)
        if index < _MOST:
            draft.note(WARNING, said, None, objects.where, "policy-stays-on-broker")
        draft.leave(
            f"{policy.kind} {policy.name}",
            *pairs(
                {
                    "pattern": policy.pattern,
                    "apply-to": policy.apply_to,
                    "priority": policy.priority,
                    "definition": policy.definition,
                }
            ),
            f"counts for: {(touched and names(touched, 200)) or 'nothing that is known here'}",
        )
    if len(objects.policies) > _MOST:
        rest = len(objects.policies) - _MOST
        message = f"{rest} more policies stay on the broker; each is a comment"
        draft.note(WARNING, message, None, objects.where, "policy-stays-on-broker")


def _says(policy: Policy, touched: list[str], effects: Effects) -> str:
    what = f"{policy.kind} {policy.name!r} (pattern {policy.pattern[:100]!r})"
    if effects.unsure[policy.operator]:
        whom = "some names; to whom it applies is not worked out here"
    elif touched:
        whom = names(touched)
    else:
        whom = "nothing that is known here"
    tied = (
        "; another has the same priority, and the broker takes either"
        if (policy.operator, policy.name) in effects.tied
        else ""
    )
    return (
        f"{what} gives {inline(policy.definition)} to {whom}{tied}: it stays on the broker and "
        "out of the file, since a queue declared with that as arguments gets 406 "
        "PRECONDITION_FAILED"
    )


class Effects:
    """Which policy counts for what: the broker's answer where it gave one, else worked out.

    `touched` has the queues and exchanges by (operator, name of the policy).
    """

    def __init__(
        self, objects: Objects, queues: dict[str, QueueFound], exchanges: dict[str, ExchangeFound]
    ) -> None:
        self.touched: dict[tuple[bool, str], list[str]] = defaultdict(list)
        self.tied: set[tuple[bool, str]] = set()
        self.unsure = {False: False, True: False}
        self._policies = objects.policies
        self._live = objects.live
        # Patterns of others on names of others: each is quick, all of them may not be.
        self._until = time.monotonic() + _SECONDS
        for queue in queues.values():
            for operator in (False, True):
                said = queue.operator_policy if operator else queue.policy
                if self._live and not (operator and said is None):
                    self._add(operator, said, queue.name)
                else:
                    self._work_out(operator, queue.name, type_of(queue))
        for name in exchanges:
            self._work_out(False, name, "exchange")

    def _add(self, operator: bool, policy: str | None, name: str) -> None:
        if policy is not None:
            self.touched[operator, policy].append(name)

    def _work_out(self, operator: bool, name: str, kind: str) -> None:
        try:
            if time.monotonic() > self._until:
                raise UnsureError
            policy, tied = counting(self._policies, name, kind, operator)
        except UnsureError:
            self.unsure[operator] = True
            return
        exchange = kind == "exchange"
        # It may count for an exchange, and say nothing to it.
        if policy is not None and not (exchange and _FOR_EXCHANGES.isdisjoint(policy.definition)):
            self._add(operator, policy.name, f"exchange {name}" if exchange else name)
            if tied:
                self.tied.add((operator, policy.name))
