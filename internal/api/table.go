package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"foyer/internal/record"
)

// addTable adds an operation that answers with a table, the same as on the pages.
func addTable[I any](s section, o op, handle func(context.Context, *I) (*stream, error)) {
	o.method = http.MethodGet
	register(s, s.huma, o, handle, givesTable)
}

func givesTable(o *huma.Operation) {
	o.Responses = map[string]*huma.Response{"200": {
		Description: "The table: comma-separated values in UTF-8 with a byte order mark, times in UTC, and an apostrophe before what a spreadsheet would take as a formula.",
		Content:     map[string]*huma.MediaType{record.ContentType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
}

func (a *API) table(ctx context.Context, table record.Table, err error) (*stream, error) {
	if err != nil {
		return nil, err
	}
	return &stream{func(out huma.Context) {
		_, w := humachi.Unwrap(out)
		table.Send(ctx, w, a.Log)
	}}, nil
}
