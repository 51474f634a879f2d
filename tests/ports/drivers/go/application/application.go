// Package application is a SQLite application under remote control: one command a line on standard
// input, one answer a line, as tests/support/sqlite_app.cpp has it.
package application

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
)

type application struct {
	driver string
	pools  map[string]*sql.DB
	conns  map[string]*sql.Conn
	kept   map[string]*sql.Rows
	name   string
}

// Run answers until standard input ends.
func Run(driver string) {
	app := application{driver, map[string]*sql.DB{}, map[string]*sql.Conn{}, map[string]*sql.Rows{}, "0"}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		command, rest, _ := strings.Cut(lines.Text(), " ")
		row, err := app.answer(command, rest)
		if err != nil {
			fmt.Println("error " + strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println(strings.TrimRight("ok "+row, " "))
		}
	}
}

func (app *application) answer(command, rest string) (string, error) {
	background := context.Background()
	conn := app.conns[app.name]
	switch command {
	case "use":
		app.name = rest
		return "", nil
	case "open":
		pool, err := sql.Open(app.driver, rest)
		if err != nil {
			return "", err
		}
		app.pools[app.name] = pool
		app.conns[app.name], err = pool.Conn(background)
		return "", err
	}
	if conn == nil {
		return "", errors.New("no database is open")
	}
	switch command {
	case "exec":
		_, err := conn.ExecContext(background, rest)
		return "", err
	case "query":
		rows, err := conn.QueryContext(background, rest)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		return first(rows)
	case "step":
		rows, err := conn.QueryContext(background, rest)
		if err != nil {
			return "", err
		}
		app.kept[app.name] = rows
		return first(rows)
	case "finish":
		return "", app.kept[app.name].Close()
	case "close":
		if rows := app.kept[app.name]; rows != nil {
			rows.Close()
		}
		if err := conn.Close(); err != nil {
			return "", err
		}
		delete(app.conns, app.name)
		return "", app.pools[app.name].Close()
	}
	return "", errors.New("unknown command " + command)
}

func first(rows *sql.Rows) (string, error) {
	if !rows.Next() {
		return "", rows.Err()
	}
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(sql.NullString)
	}
	if err := rows.Scan(values...); err != nil {
		return "", err
	}
	texts := make([]string, len(columns))
	for i, value := range values {
		texts[i] = value.(*sql.NullString).String
	}
	return strings.Join(texts, "|"), nil
}
