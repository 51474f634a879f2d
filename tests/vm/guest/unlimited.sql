-- Writes to the disk and reads from it, past the page cache; then keeps the database open.
PRAGMA journal_mode = wal;
PRAGMA synchronous = full;
CREATE TABLE t(x);
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO t SELECT randomblob(4000) FROM n;
.shell dd if=/srv/data/unlimited.db-wal of=/dev/null iflag=direct bs=64k status=none
.shell exec sleep infinity
