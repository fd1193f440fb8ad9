"""Rules of the family `operations`: shutdown, restarts, and what only shows in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.operations.acks_late_not_idempotent import AcksLateNotIdempotent
from qtopo.rules.operations.control_plane_shared import ControlPlaneShared
from qtopo.rules.operations.missing_queues_created import MissingQueuesCreated
from qtopo.rules.operations.secret_in_environment import SecretInEnvironment
from qtopo.rules.operations.soft_shutdown_never_acts import SoftShutdownNeverActs
from qtopo.rules.operations.soft_shutdown_without_acks_late import SoftShutdownWithoutAcksLate
from qtopo.rules.operations.time_limit_over_grace import TimeLimitOverGrace
from qtopo.rules.operations.worker_lost_requeue_loop import WorkerLostRequeueLoop

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    AcksLateNotIdempotent,
    WorkerLostRequeueLoop,
    TimeLimitOverGrace,
    SoftShutdownWithoutAcksLate,
    SoftShutdownNeverActs,
    SecretInEnvironment,
    ControlPlaneShared,
    MissingQueuesCreated,
)
