"""Tables of the scheduler."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Float, LargeBinary, String, Table, Unicode

from kefu.db import Base


class Lease(Base):
    """That one process does something for all; by its end, or when it is given up, another may.

    Attributes:
        name: What.
        owner: Which process.
    """

    __tablename__ = "leases"

    name = Column(String(32), primary_key=True)
    owner = Column(String(36), nullable=False)
    until = Column(DateTime, nullable=False)


#: Jobs that wait for their time, as APScheduler 3 keeps them.
scheduled_jobs = Table(
    "scheduled_jobs",
    Base.metadata,
    Column("id", Unicode(191), primary_key=True),
    Column("next_run_time", Float(25), index=True),
    Column("job_state", LargeBinary, nullable=False),
)
