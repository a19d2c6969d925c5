// Package migrations holds the database schema as numbered SQL files. They run
// forward only, each in a transaction, and are never edited once landed.
package migrations

import "embed"

// FS holds the numbered files.
//
//go:embed *.sql
var FS embed.FS
