"""Rules of the family `workers`: pools, sizes and arguments of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.workers.autoscale_reversed import AutoscaleReversed
from qtopo.rules.workers.cpu_bound_on_green_pool import CpuBoundOnGreenPool
from qtopo.rules.workers.disable_prefetch_ignored import DisablePrefetchIgnored
from qtopo.rules.workers.embedded_beat import EmbeddedBeat
from qtopo.rules.workers.extra_args_conflict import ExtraArgsConflict
from qtopo.rules.workers.pool_ignores_recycling import PoolIgnoresRecycling
from qtopo.rules.workers.pool_ignores_time_limit import PoolIgnoresTimeLimit
from qtopo.rules.workers.prefetch_hoards_tasks import PrefetchHoardsTasks
from qtopo.rules.workers.prefetch_over_limit import PrefetchOverLimit
from qtopo.rules.workers.prefetch_unlimited import PrefetchUnlimited
from qtopo.rules.workers.purge_flag import PurgeFlag
from qtopo.rules.workers.rate_limit_multiplied import RateLimitMultiplied
from qtopo.rules.workers.shared_node_file import SharedNodeFile
from qtopo.rules.workers.solo_concurrency import SoloConcurrency
from qtopo.rules.workers.threads_autoscale import ThreadsAutoscale
from qtopo.rules.workers.worker_env_override import WorkerEnvOverride
from qtopo.rules.workers.worker_lacks_module import WorkerLacksModule

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    ThreadsAutoscale,
    SoloConcurrency,
    AutoscaleReversed,
    PoolIgnoresRecycling,
    PoolIgnoresTimeLimit,
    ExtraArgsConflict,
    EmbeddedBeat,
    PurgeFlag,
    WorkerEnvOverride,
    PrefetchOverLimit,
    CpuBoundOnGreenPool,
    DisablePrefetchIgnored,
    SharedNodeFile,
    PrefetchHoardsTasks,
    RateLimitMultiplied,
    WorkerLacksModule,
    PrefetchUnlimited,
)
