package web

import (
	"net/url"

	"foyer/internal/input"
)

// pagesOf makes the links between the pages of a list at path with the given
// query, on the page that begins at a place and is followed by the next; both are
// as addresses carry them, empty for none.
func pagesOf(path string, query map[string]string, at, next string) Pages {
	link := func(place string) string {
		values := encoded(query, "after", place)
		if values == "" {
			return path
		}
		return path + "?" + values
	}
	var pages Pages
	if at != "" {
		pages.First = link("")
	}
	if next != "" {
		pages.Next = link(next)
	}
	return pages
}

// encoded is a query without what is empty, with more names and values.
func encoded(query map[string]string, more ...string) string {
	values := make(url.Values)
	for name, value := range query {
		if value != "" {
			values.Set(name, value)
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			values.Set(more[i], more[i+1])
		}
	}
	return values.Encode()
}

// shown is what was looked for as a page can show it again.
func shown(sought string) string { return input.Searchable(sought) }
