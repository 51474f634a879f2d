-- Has a child killed for want of memory, and fills it with pages of files up to a lower limit.
PRAGMA journal_mode = wal;
CREATE TABLE t(x);
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
  INSERT INTO t SELECT randomblob(4000) FROM n;
.shell tail /dev/zero
-- With this limit from the beginning the child would be slowed down for minutes before the other.
.shell systemctl set-property --runtime squeezed.service MemoryHigh=24M
.shell cat /srv/data/squeezed.db /srv/data/squeezed.db-wal >/dev/null
.shell exec sleep infinity
