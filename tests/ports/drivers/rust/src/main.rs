//! An application of sqlx: one command a line on standard input, one answer a line, as
//! tests/support/sqlite_app.cpp has it. sqlx reads rows ahead and so ends a statement early: what
//! is to be kept open is a transaction.
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{Column, ConnectOptions, Connection, Executor, Row, SqliteConnection, ValueRef};
use std::collections::HashMap;
use std::io::BufRead;
use std::str::FromStr;

fn text(row: Option<SqliteRow>) -> String {
    let Some(row) = row else { return String::new() };
    let one = |index: usize| -> String {
        let value = row.try_get_raw(index).unwrap();
        if value.is_null() {
            return String::new();
        }
        row.try_get::<i64, _>(index)
            .map(|number| number.to_string())
            .or_else(|_| row.try_get::<String, _>(index))
            .unwrap_or_default()
    };
    row.columns().iter().map(|column| one(column.ordinal())).collect::<Vec<_>>().join("|")
}

/// The first row, with the rest read, too.
async fn query(connection: &mut SqliteConnection, sql: &str) -> Result<String, sqlx::Error> {
    Ok(text(connection.fetch_all(sql).await?.into_iter().next()))
}

struct Application {
    connections: HashMap<String, SqliteConnection>,
    name: String,
}

impl Application {
    fn current(&mut self) -> &mut SqliteConnection {
        self.connections.get_mut(&self.name).expect("no database is open")
    }

    async fn answer(&mut self, command: &str, rest: &str) -> Result<String, sqlx::Error> {
        match command {
            "use" => self.name = rest.to_string(),
            "open" => {
                let options = SqliteConnectOptions::from_str(&format!("sqlite://{rest}"))?
                    .create_if_missing(true);
                self.connections.insert(self.name.clone(), options.connect().await?);
            }
            "close" => self.connections.remove(&self.name).unwrap().close().await?,
            "exec" => {
                self.current().execute(rest).await?;
            }
            "step" => {
                self.current().execute("begin").await?;
                return query(self.current(), rest).await;
            }
            "finish" => {
                self.current().execute("commit").await?;
            }
            _ => return query(self.current(), rest).await,
        }
        Ok(String::new())
    }
}

fn say(answer: Result<String, sqlx::Error>) {
    match answer {
        Ok(row) => println!("{}", format!("ok {row}").trim_end()),
        Err(error) => println!("error {}", error.to_string().replace('\n', " ")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut app = Application { connections: HashMap::new(), name: "0".to_string() };
    let mut lines = std::io::stdin().lock().lines();
    while let Some(Ok(line)) = lines.next() {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        say(app.answer(command, rest).await);
    }
}
