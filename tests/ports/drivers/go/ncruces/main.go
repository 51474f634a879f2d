// An application of github.com/ncruces/go-sqlite3: SQLite with VFS of its own, two of which encrypt.
package main

import (
	_ "github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum"
	_ "github.com/ncruces/go-sqlite3/vfs/xts"

	"ports/application"
)

func main() { application.Run("sqlite3") }
