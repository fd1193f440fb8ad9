"""Rules of the family `platforms`: what starts the processes, and what each cannot honour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.platforms.beat_replicas_ignored import BeatReplicasIgnored
from qtopo.rules.platforms.container_without_image import ContainerWithoutImage
from qtopo.rules.platforms.deploy_key_unread import DeployKeyUnread
from qtopo.rules.platforms.grace_unbounded import GraceUnbounded
from qtopo.rules.platforms.procfile_cuts_tasks import ProcfileCutsTasks
from qtopo.rules.platforms.replicas_outside_scale import ReplicasOutsideScale
from qtopo.rules.platforms.scale_reversed import ScaleReversed
from qtopo.rules.platforms.scale_without_autoscaler import ScaleWithoutAutoscaler
from qtopo.rules.platforms.soft_shutdown_overridden import SoftShutdownOverridden
from qtopo.rules.platforms.systemd_without_bin import SystemdWithoutBin

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    ScaleReversed,
    ReplicasOutsideScale,
    ScaleWithoutAutoscaler,
    ProcfileCutsTasks,
    GraceUnbounded,
    SystemdWithoutBin,
    ContainerWithoutImage,
    DeployKeyUnread,
    BeatReplicasIgnored,
    SoftShutdownOverridden,
)
