// An application of modernc.org/sqlite: SQLite translated to Go.
package main

import (
	_ "modernc.org/sqlite"

	"ports/application"
)

func main() { application.Run("sqlite") }
