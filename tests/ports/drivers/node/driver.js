// An application of node:sqlite, or of the module better-sqlite3: `node driver.js MODULE`.
// One command a line on standard input, one answer a line, as tests/support/sqlite_app.cpp has it.
'use strict';
const readline = require('node:readline');

const module_ = process.argv[2];
const Database = module_ === 'node:sqlite' ? require(module_).DatabaseSync : require(module_);
const connections = {};
const kept = {};
let name = '0';

function rowsOf(sql) {
  return connections[name].prepare(sql).iterate();
}

function text(row) {
  return row === undefined ? '' : Object.values(row).join('|');
}

const commands = {
  use(rest) { name = rest; },
  open(path) { connections[name] = new Database(path); },
  exec(sql) { connections[name].exec(sql); },
  query(sql) {
    let first;
    for (const row of rowsOf(sql)) first ??= row;
    return text(first);
  },
  step(sql) {
    kept[name] = rowsOf(sql);
    return text(kept[name].next().value);
  },
  finish() {
    kept[name].return();
    delete kept[name];
  },
  close() {
    delete kept[name];
    connections[name].close();
    delete connections[name];
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const end = line.indexOf(' ') < 0 ? line.length : line.indexOf(' ');
  let answer;
  try {
    answer = 'ok ' + (commands[line.slice(0, end)](line.slice(end + 1)) ?? '');
  } catch (error) {
    answer = 'error ' + error;
  }
  process.stdout.write(answer.replaceAll('\n', ' ').trimEnd() + '\n');
});
