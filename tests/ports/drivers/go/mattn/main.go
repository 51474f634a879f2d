// An application of github.com/mattn/go-sqlite3: SQLite's C code through cgo.
package main

import (
	_ "github.com/mattn/go-sqlite3"

	"ports/application"
)

func main() { application.Run("sqlite3") }
