package api

import (
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/account/apitoken"
	"foyer/internal/words"
)

// tokenScheme is the name of what lets programs in.
const tokenScheme = "token"

// describe returns what huma serves operations by: JSON only, no pages of its own,
// nothing from other sites, and no parameter that nobody described.
func describe() huma.Config {
	noNullLists()
	config := huma.DefaultConfig("Foyer", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true
	config.OpenAPI.Info.Description = words.Text("api.about")
	config.OpenAPI.Servers = []*huma.Server{{URL: Root}}
	var scopes strings.Builder
	for _, scope := range apitoken.Scopes {
		scopes.WriteString("\n- `" + string(scope) + "`: " + words.Text("apitoken.scope_"+strings.ReplaceAll(string(scope), ":", "_")))
	}
	config.OpenAPI.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", Description: words.Text("api.tokens") + "\n" + scopes.String()},
	}
	return config
}

// noNullLists has lists described as what they are, never null: huma takes for null
// what Go can hold, and has one setting for the whole program. It is set once, for
// several servers may be made at the same time.
var noNullLists = sync.OnceFunc(func() { huma.DefaultArrayNullable = false })

// document is the description of the API as it is served: written when somebody
// first asks for it, which few do.
type document struct {
	openAPI        *huma.OpenAPI
	asJSON, asYAML func() ([]byte, error)
}

func newDocument(o *huma.OpenAPI) document {
	return document{o, sync.OnceValues(o.MarshalJSON), sync.OnceValues(o.YAML)}
}

// Document is the description of the API.
func (a *API) Document() *huma.OpenAPI { return a.document.openAPI }

func (d document) json(w http.ResponseWriter, _ *http.Request) error {
	return serve(w, "application/vnd.oai.openapi+json;version=3.1", d.asJSON)
}

func (d document) yaml(w http.ResponseWriter, _ *http.Request) error {
	return serve(w, "application/vnd.oai.openapi;version=3.1", d.asYAML)
}

func serve(w http.ResponseWriter, contentType string, written func() ([]byte, error)) error {
	text, err := written()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(text) // the client is gone: nobody to tell
	return nil
}
