-- A database in use on a network filesystem.
PRAGMA journal_mode = wal;
CREATE TABLE t(x);
INSERT INTO t VALUES (1);
.shell exec sleep infinity
