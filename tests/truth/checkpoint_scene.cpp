#include "tests/truth/checkpoint_scene.h"

#include <sstream>
#include <stdexcept>

namespace sqlite_exporter::test {

CheckpointScene::CheckpointScene(int page_size)
    : writer(directory / "app.db"), observer_(directory / "app.db") {
  join(writer, "pragma page_size=" + std::to_string(page_size));
  writer.exec("create table t(x)");
  other.open(directory / "app.db");
  join(other);
  checkpointer.open(directory / "app.db");
  join(checkpointer);
}

void CheckpointScene::join(SqliteApplication& app, const std::string& more) {
  app.exec(more + "; pragma journal_mode=wal; pragma synchronous=off; pragma wal_autocheckpoint=0");
}

void CheckpointScene::write(SqliteApplication& by, int transactions) {
  for (int i = 0; i < transactions; ++i) by.exec("insert into t values (randomblob(2000))");
}

void CheckpointScene::read(std::size_t reader) {
  std::optional<SqliteApplication>& app = readers_.at(reader);
  if (!app) app.emplace(directory / "app.db");
  app->exec("begin; select count(*) from t");
  reading_.at(reader) = true;
}

void CheckpointScene::release(std::size_t reader) {
  readers_.at(reader)->exec("commit");
  reading_.at(reader) = false;
}

Progress CheckpointScene::checkpoint(const std::string& mode) {
  const std::string text = checkpointer.query("pragma wal_checkpoint(" + mode + ")");
  std::istringstream answer(text);
  int busy = 0;
  char bar = 0;
  Progress progress;
  answer >> busy >> bar >> progress.log >> bar >> progress.checkpointed;
  if (!answer) throw std::runtime_error("no answer of a checkpoint: " + text);
  return progress;
}

Progress CheckpointScene::observed() {
  observer_.sample();
  const Look look = observer_.look();
  if (!look.index) throw std::runtime_error("no wal-index");
  return {look.index->mx_frame, look.index->n_backfill};
}

std::uint32_t CheckpointScene::observed_pinned() {
  return static_cast<std::uint32_t>(observer_.value("sqlite_wal_pinned_frames"));
}

}  // namespace sqlite_exporter::test
