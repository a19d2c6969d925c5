// Package templates holds the pages. Each page file defines the blocks that
// layout.html leaves open; files that begin with an underscore are partials
// that any page may use.
package templates

import "embed"

// FS holds every template by its file name.
//
//go:embed *.html
var FS embed.FS
