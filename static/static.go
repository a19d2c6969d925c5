// Package static holds what browsers load beside the pages: style, scripts,
// icons, the message catalogue, and under vendor the media SDKs, the icon sprite
// and the words of scripts that "npm run build" puts there.
package static

import "embed"

// FS holds the files by the path that pages refer to them by, such as
// css/foyer.css. A program built before vendor was filled serves pages without
// icons and calls; everything else works.
//
//go:embed css js icons vendor words
var FS embed.FS
