-- Uses all the CPU time it gets, in a read transaction that never ends.
PRAGMA journal_mode = wal;
CREATE TABLE t(x);
INSERT INTO t VALUES (1);
WITH RECURSIVE n(i) AS (SELECT x FROM t UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;
