// Frontdesk is a small program that uses Foyer as its room and token service:
// visitors of its page type their name and are in a call, without an account
// anywhere. What it knows of Foyer is its API; see README.md.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

//go:embed page.html
var page []byte

//go:embed page.js
var script []byte

func main() {
	address := flag.String("listen", "127.0.0.1:8090", "where to listen")
	foyer := flag.String("foyer", "http://localhost:8080", "where Foyer is reached")
	slug := flag.String("room", "", "address of the room; empty: make one")
	sdk := flag.String("sdk", "static/vendor/livekit.mjs", "the LiveKit client for browsers")
	flag.Parse()
	token := os.Getenv("FOYER_TOKEN")
	if token == "" {
		log.Fatal("Set FOYER_TOKEN to a token of the API with the scopes rooms:read, rooms:write and media.")
	}
	if _, err := os.Stat(*sdk); err != nil {
		log.Fatalf("The LiveKit client for browsers is not there: %v. \"make build\" makes it in Foyer's directory; or say by -sdk where it is.", err)
	}
	base, err := url.Parse(*foyer)
	if err != nil {
		log.Fatal(err)
	}
	d := &desk{foyer: base, token: token, client: &http.Client{Timeout: 15 * time.Second}}
	if d.room, err = d.prepare(context.Background(), *slug); err != nil {
		log.Fatalf("The room: %v", err)
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Visitors open http://%s, others %s/r/%s\n", listener.Addr(), *foyer, d.room)
	server := &http.Server{Handler: d.handler(*sdk), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}

// desk lets visitors into one room.
type desk struct {
	foyer  *url.URL
	token  string
	client *http.Client
	room   string
}

func (d *desk) handler(sdk string) http.Handler {
	mux := http.NewServeMux()
	serve := func(kind string, content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(content)
		}
	}
	mux.HandleFunc("GET /{$}", serve("text/html; charset=utf-8", page))
	mux.HandleFunc("GET /page.js", serve("text/javascript", script))
	mux.HandleFunc("GET /sdk.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, sdk)
	})
	mux.HandleFunc("POST /visitors", d.welcome)
	// Browsers reach the call through here: Foyer's door is open to its own pages
	// and to programs, not to pages of other sites.
	mux.Handle("GET /rtc/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(d.foyer)
		r.Out.Header.Del("Origin")
		r.Out.Header.Del("Cookie")
	}})
	return http.NewCrossOriginProtection().Handler(mux)
}

// welcome lets a visitor in.
func (d *desk) welcome(w http.ResponseWriter, r *http.Request) {
	var visitor struct {
		Name string `json:"name"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1000)).Decode(&visitor); err != nil {
		http.Error(w, "Say your name.", http.StatusBadRequest)
		return
	}
	var ticket struct {
		Token       string `json:"token"`
		Participant string `json:"participant"`
	}
	err := d.ask(r.Context(), http.MethodPost, "/rooms/"+d.room+"/tokens", map[string]string{"display_name": visitor.Name}, &ticket)
	var refused *problem
	switch {
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusUnauthorized:
		http.Error(w, refused.sentence(), refused.Status)
	case err != nil:
		log.Printf("A visitor could not be let in: %v", err)
		http.Error(w, "This does not work just now. Try again in a moment.", http.StatusBadGateway)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(ticket) // the visitor is gone: nobody to tell
	}
}

// prepare returns the address of a room that takes guests: the one of slug, or a
// new one.
func (d *desk) prepare(ctx context.Context, slug string) (string, error) {
	if slug == "" {
		var made struct {
			Slug string `json:"slug"`
		}
		if err := d.ask(ctx, http.MethodPost, "/rooms", map[string]string{"name": "Front desk"}, &made); err != nil {
			return "", err
		}
		slug = made.Slug
	}
	return slug, d.ask(ctx, http.MethodPatch, "/rooms/"+slug, map[string]bool{"guests": true}, nil)
}

// problem is what Foyer says when it cannot do what it is asked.
type problem struct {
	Status int    `json:"status"`
	Reason string `json:"reason"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Reason, p.sentence()) }

func (p *problem) sentence() string {
	if len(p.Errors) > 0 {
		return p.Errors[0].Message
	}
	return p.Title + ". " + p.Detail
}

// ask sends a request to Foyer's API and reads its answer into answer, unless that
// is nil. What Foyer refuses is a *problem.
func (d *desk) ask(ctx context.Context, method, path string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, d.foyer.JoinPath("/api/v1", path).String(), bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		request.Header.Set("Idempotency-Key", rand.Text()) // the client may send it again
	}
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		refused := &problem{Status: response.StatusCode}
		if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(raw, refused) != nil {
			return fmt.Errorf("answered %d", response.StatusCode)
		}
		return refused
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}
