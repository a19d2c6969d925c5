package web

import (
	"net/url"

	"foyer/internal/input"
	"foyer/internal/room"
)

// pagesOf makes the links between the pages of a list at path with the given
// query, on the page that begins after a cursor and is followed by next.
func pagesOf(path string, query map[string]string, after, next room.Cursor) Pages {
	link := func(at room.Cursor) string {
		values := make(url.Values)
		for name, value := range query {
			if value != "" {
				values.Set(name, value)
			}
		}
		if at != (room.Cursor{}) {
			values.Set("after", at.String())
		}
		if len(values) == 0 {
			return path
		}
		return path + "?" + values.Encode()
	}
	var pages Pages
	if after != (room.Cursor{}) {
		pages.First = link(room.Cursor{})
	}
	if next != (room.Cursor{}) {
		pages.Next = link(next)
	}
	return pages
}

// shown is what was looked for as a page can show it again.
func shown(sought string) string { return input.Searchable(sought) }
