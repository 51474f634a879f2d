# Completion of sqlite_exporter for bash.
# Printed by `sqlite_exporter describe completion --format=bash`.

_sqlite_exporter() {
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
  local command= word
  # "=" is a word of its own.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
  _sqlite_exporter_words() { mapfile -O ${#COMPREPLY[@]} -t COMPREPLY < <(compgen -W "$*" -- "$current"); }
  _sqlite_exporter_paths() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen "$1" -- "$current"); }
  _sqlite_exporter_files() { _sqlite_exporter_paths -f; }
  _sqlite_exporter_folders() { _sqlite_exporter_paths -d; }
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      demo | inspect | explain | check-config | describe) command=$word; break ;;
    esac
  done
  case $command,$option in
    ,--textfile) _sqlite_exporter_files; return ;;
    ,--config.file) _sqlite_exporter_files; return ;;
    ,--web.listen-address) :; return ;;
    ,--poll.interval) :; return ;;
    ,--log.level) _sqlite_exporter_words debug info warn error; return ;;
    ,--log.format) _sqlite_exporter_words logfmt json; return ;;
    ,--path.procfs) _sqlite_exporter_folders; return ;;
    ,--path.sysfs) _sqlite_exporter_folders; return ;;
    ,--path.rootfs) _sqlite_exporter_folders; return ;;
    demo,--web.listen-address) :; return ;;
    demo,--poll.interval) :; return ;;
    demo,--log.level) _sqlite_exporter_words debug info warn error; return ;;
    demo,--log.format) _sqlite_exporter_words logfmt json; return ;;
    demo,--incident) _sqlite_exporter_words forgotten-reader no-checkpoint killed-writer replaced-file stuck-writer; return ;;
    inspect,--format) _sqlite_exporter_words text json; return ;;
    inspect,--path.procfs) _sqlite_exporter_folders; return ;;
    explain,--config.file) _sqlite_exporter_files; return ;;
    explain,--path.procfs) _sqlite_exporter_folders; return ;;
    explain,--path.sysfs) _sqlite_exporter_folders; return ;;
    explain,--path.rootfs) _sqlite_exporter_folders; return ;;
    describe,--format) _sqlite_exporter_words markdown json man bash fish zsh; return ;;
  esac
  case $command,$current in
    ,-*) _sqlite_exporter_words -h --help --version --selftest --once --textfile --config.file --web.listen-address --poll.interval --log.level --log.format --collector.cgroup --no-collector.cgroup --collector.checkpoints --no-collector.checkpoints --collector.commits --no-collector.commits --collector.database --no-collector.database --collector.engine --no-collector.engine --collector.filesystem --no-collector.filesystem --collector.holders --no-collector.holders --collector.locks --no-collector.locks --collector.readers --no-collector.readers --collector.wal --no-collector.wal --path.procfs --path.sysfs --path.rootfs ;;
    demo,-*) _sqlite_exporter_words -h --help --web.listen-address --poll.interval --log.level --log.format --incident ;;
    inspect,-*) _sqlite_exporter_words -h --help --format --watch --path.procfs ;;
    explain,-*) _sqlite_exporter_words -h --help --config.file --path.procfs --path.sysfs --path.rootfs ;;
    check-config,-*) _sqlite_exporter_words -h --help ;;
    describe,-*) _sqlite_exporter_words -h --help --format ;;
    ,*) _sqlite_exporter_files; _sqlite_exporter_words demo inspect explain check-config describe ;;
    demo,*) : ;;
    inspect,*) _sqlite_exporter_files ;;
    explain,*) _sqlite_exporter_words SqliteCheckpointStarved SqliteCommitBlocked SqliteCrashLeftover SqliteDatabaseCorrupt SqliteDatabaseGone SqliteDatabaseReplaced SqliteDatabaseStalled SqliteExporterDown SqliteExporterIncomplete SqliteExporterMissing SqliteExporterStarved SqliteFilesystemFillsUp SqliteFilesystemReadonly SqliteFilesystemRisk SqliteForgottenReader SqliteFreelistBloat SqliteLocksLost SqliteLocksUnobservable SqliteOwnerNearMemoryLimit SqliteOwnerOomKilled SqliteOwnerThrottled SqliteQueryFailing SqliteSyncBehind SqliteWalGrowing SqliteWalLost SqliteWalOversized SqliteWriteLockSaturated SqliteWritesStopped ;;
    check-config,*) _sqlite_exporter_files ;;
    describe,*) _sqlite_exporter_words metrics config flags completion ;;
  esac
}

complete -F _sqlite_exporter sqlite_exporter
