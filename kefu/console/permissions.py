"""Who may do what in the console. This table is the only place that decides."""

from __future__ import annotations

ROLES = ("agent", "supervisor", "designer", "admin")

#: Roles that talk with customers.
TALKING = ("agent", "supervisor")

#: What may be done, and by whom. ``self`` is what everybody does with their own account.
PERMISSIONS: dict[str, frozenset[str]] = {
    "self": frozenset(ROLES),
    "desk": frozenset(TALKING),
    "customers": frozenset(TALKING),
    "tickets": frozenset(TALKING),
    "supervise": frozenset({"supervisor"}),
    "agents": frozenset({"supervisor", "admin"}),
    "knowledge": frozenset({"designer", "supervisor"}),
    "campaigns": frozenset({"designer", "supervisor"}),
    "accounts": frozenset({"admin"}),
    "audit": frozenset({"admin"}),
    "privacy": frozenset({"admin"}),
    "api": frozenset({"admin"}),
}


def may(role: str, permission: str) -> bool:
    """Whether a role holds a permission."""
    return role in PERMISSIONS[permission]


def held_by(role: str) -> list[str]:
    """All that a role may do."""
    return sorted(name for name in PERMISSIONS if may(role, name))
