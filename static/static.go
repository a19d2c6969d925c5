// Package static holds what browsers load beside the pages: style, scripts,
// icons, and under vendor the media SDKs and the icon sprite that
// "npm run build" puts there.
package static

import "embed"

// FS holds the files by the path that pages refer to them by, such as
// css/foyer.css. A program built before vendor was filled serves pages without
// icons and calls; everything else works.
//
//go:embed css js icons vendor
var FS embed.FS
