package web

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/api"
	"foyer/internal/eventstream"
	"foyer/internal/record"
	"foyer/internal/words"
)

// referencePage shows what programs can do: the API's document, for people. It is
// for everybody, as the document is.
func (s *Server) referencePage(w http.ResponseWriter, r *http.Request) error {
	r = s.recognise(r)
	s.render(w, r, http.StatusOK, "reference", ReferencePage{
		Page: s.base(r, words.Text("reference.title")), reference: s.reference, Base: s.origin(r) + api.Root,
	})
	return nil
}

// referenceOf reads the document once.
func referenceOf(doc *huma.OpenAPI) reference {
	out := reference{About: prose(doc.Info.Description), Tokens: prose(doc.Components.SecuritySchemes["token"].Description)}
	sections := make(map[string]*ReferenceSection)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, o := range operationsOf(doc.Paths[path]) {
			heading := o.Tags[0]
			if sections[heading] == nil {
				sections[heading] = &ReferenceSection{ID: anchor(heading), Name: heading}
			}
			sections[heading].Operations = append(sections[heading].Operations, referenceOperation(doc, o))
		}
	}
	for _, tag := range doc.Tags {
		out.Sections = append(out.Sections, *sections[tag.Name])
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if fields := referenceFields(schemas[name]); len(fields) > 0 && !strings.HasSuffix(name, "InputBody") {
			out.Shapes = append(out.Shapes, ReferenceShape{ID: "shape-" + name, Name: name, Fields: fields})
		}
	}
	return out
}

func operationsOf(p *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete}, func(o *huma.Operation) bool { return o == nil })
}

func referenceOperation(doc *huma.OpenAPI, o *huma.Operation) ReferenceOperation {
	out := ReferenceOperation{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, About: prose(o.Description)}
	for _, need := range o.Security {
		out.Scope = strings.Join(need["token"], ", ")
	}
	for _, p := range o.Parameters {
		out.Parameters = append(out.Parameters, ReferenceField{Name: p.Name, In: p.In, Meaning: p.Description, Type: typeOf(p.Schema), Required: p.Required})
	}
	if o.RequestBody != nil {
		media := o.RequestBody.Content["application/json"]
		out.Bytes = media == nil
		if media != nil {
			schema := media.Schema
			if schema.Ref != "" {
				schema = doc.Components.Schemas.SchemaFromRef(schema.Ref)
			}
			out.Body = referenceFields(schema)
		}
	}
	for status, response := range o.Responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		out.Status = status
		for kind, media := range response.Content {
			switch kind {
			case "application/json":
				out.Answer = typeOf(media.Schema)
			case eventstream.ContentType:
				out.Answer = ReferenceType{Text: words.Text("reference.events")}
			case record.ContentType:
				out.Answer = ReferenceType{Text: words.Text("reference.table")}
			default:
				out.Answer = ReferenceType{Text: words.Text("reference.bytes")}
			}
		}
	}
	return out
}

func referenceFields(s *huma.Schema) []ReferenceField {
	var fields []ReferenceField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		fields = append(fields, ReferenceField{Name: name, Meaning: p.Description, Type: typeOf(p), Required: slices.Contains(s.Required, name)})
	}
	return fields
}

// typeOf says in a few words what a value is.
func typeOf(s *huma.Schema) ReferenceType {
	switch {
	case s == nil:
		return ReferenceType{}
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return ReferenceType{name, "shape-" + name}
	case s.Type == huma.TypeArray:
		of := typeOf(s.Items)
		return ReferenceType{words.Text("reference.list_of", "of", of.Text), of.Shape}
	case len(s.Enum) > 0:
		var values []string
		for _, value := range s.Enum {
			values = append(values, fmt.Sprintf("%q", value))
		}
		return ReferenceType{Text: words.Text("reference.one_of", "of", strings.Join(values, ", "))}
	}
	return ReferenceType{Text: cmp.Or(s.Format, s.Type)}
}

var notInAnchors = regexp.MustCompile(`[^a-z0-9]+`)

func anchor(heading string) string {
	return notInAnchors.ReplaceAllString(strings.ToLower(heading), "-")
}

var code = regexp.MustCompile("`([^`]*)`")

// prose makes paragraphs of the little Markdown that the document has: paragraphs,
// lists, code.
func prose(text string) []Prose {
	marked := func(line string) template.HTML {
		return template.HTML(code.ReplaceAllString(template.HTMLEscapeString(line), "<code>$1</code>")) //nolint:gosec // it was escaped
	}
	var all []Prose
	for _, part := range strings.Split(text, "\n\n") {
		var one Prose
		for line := range strings.Lines(part) {
			line = strings.TrimSpace(line)
			if item, ok := strings.CutPrefix(line, "- "); ok {
				one.Items = append(one.Items, marked(item))
			} else if line != "" {
				one.Text += marked(line) + " "
			}
		}
		all = append(all, one)
	}
	return all
}
