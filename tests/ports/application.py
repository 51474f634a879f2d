"""An application of any build or port of SQLite in a process of its own, asked line by line."""

import os
import subprocess
import threading

import support


class Refused(Exception):
    """The application answered with an error; says which."""


class Application:
    """Sentences go in, answers come out, as with tests/support/sqlite_app.cpp."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, bufsize=1,
                                        errors="surrogateescape",
                                        env={**os.environ, **environment})

    def ask(self, sentence):
        alarm = threading.Timer(support.PATIENCE, self.process.kill)
        alarm.start()
        try:
            self.process.stdin.write(sentence + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().rstrip("\n")
        except BrokenPipeError:
            answer = "error it ended"
        finally:
            alarm.cancel()
        if not answer.startswith("ok"):
            raise Refused(f"{sentence}: {answer or 'no answer'}")
        return answer[3:]

    def run(self, *statements):
        """Statements whose rows are of no interest; a PRAGMA may have one."""
        for sql in statements:
            pragma = sql.lower().startswith("pragma")
            self.ask(("query " if pragma else "exec ") + sql)

    def number(self, sql):
        return int(self.ask("query " + sql))

    def end(self, kill=False):
        if kill:
            self.process.kill()
        self.process.stdin.close()
        try:
            self.process.wait(support.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
