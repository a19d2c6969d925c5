package tunnel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"foyer/internal/logtest"
	"foyer/internal/tunnel"
	"foyer/internal/tunnel/ngroktest"
)

func config(service *ngroktest.Service) (tunnel.Config, *logtest.Lines) {
	said := &logtest.Lines{}
	return tunnel.Config{
		Token:   ngroktest.Token,
		Service: tunnel.Service{Addr: service.Addr, CAs: service.CAs},
		Log:     slog.New(slog.NewTextHandler(said, nil)),
	}, said
}

// serve answers through a tunnel until the test ends.
func serve(t *testing.T, c tunnel.Config, handler http.Handler) *tunnel.Tunnel {
	t.Helper()
	open, err := tunnel.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(open) }()
	t.Cleanup(func() {
		server.Close()
		open.Disconnect()
		select {
		case err := <-ended:
			if !errors.Is(err, http.ErrServerClosed) {
				t.Errorf("the server ended by itself: %v", err)
			}
		case <-time.After(patience):
			t.Error("the server does not end when the tunnel is closed")
		}
	})
	return open
}

func get(service *ngroktest.Service, path string) string {
	response, err := service.Client.Get(service.Origin + path)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s %v", response.StatusCode, body, err)
}

// patience is for machines that are busy.
const patience = 2 * time.Minute

// within waits for a condition.
func within(t *testing.T, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func hello(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	fmt.Fprintf(w, "hello %s at %s", host, r.Host)
}

// Requests to the public address are answered here, and the connection's remote
// address is the client's.
func TestServes(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, _ := config(service)
	open := serve(t, c, http.HandlerFunc(hello))
	if open.Origin() != service.Origin {
		t.Errorf("origin %q, want %q", open.Origin(), service.Origin)
	}
	host := strings.TrimPrefix(service.Origin, "https://")
	if got, want := get(service, "/"), "200 hello 127.0.0.1 at "+host+" <nil>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Signalling passes through: WebSockets, both ways, for longer than a request.
func TestWebSockets(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, _ := config(service)
	serve(t, c, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil || conn.Write(r.Context(), kind, append([]byte("echo "), message...)) != nil {
				return
			}
		}
	}))
	conn, _, err := websocket.Dial(t.Context(), service.Origin, &websocket.DialOptions{HTTPClient: service.Client})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for range 3 {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(t.Context()); err != nil || string(got) != "echo x" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// An address reserved at ngrok is asked for, and one that is not is refused in
// ngrok's words.
func TestReservedAddress(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, _ := config(service)
	c.Origin = service.Origin
	if open := serve(t, c, http.HandlerFunc(hello)); open.Origin() != service.Origin {
		t.Errorf("origin %q, want %q", open.Origin(), service.Origin)
	}
	c.Origin = "https://another.ngrok.app"
	if _, err := tunnel.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "may not use the address https://another.ngrok.app") {
		t.Errorf("got %v", err)
	}
}

// A wrong token is said at once, in one line, without the token.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, said := config(service)
	c.Token = "planted-secret"
	began := time.Now()
	_, err := tunnel.Open(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "authtoken") || !strings.Contains(err.Error(), "ERR_NGROK_105") {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	if text := err.Error() + said.String(); strings.Contains(text, "planted-secret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the token, or several lines, in %q", text)
	}
}

// While ngrok is not there, opening waits for it, but not for ever.
func TestNgrokIsNotThere(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	service.SetDown(true)
	c, _ := config(service)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := tunnel.Open(ctx, c); err == nil || !strings.HasPrefix(err.Error(), "the ngrok tunnel: ") {
		t.Errorf("got %v", err)
	}
	before, opened := service.Refused(), make(chan error, 1)
	go func() {
		open, err := tunnel.Open(t.Context(), c)
		if err == nil {
			open.Disconnect()
		}
		opened <- err
	}()
	within(t, "an attempt fails", func() bool { return service.Refused() > before })
	service.SetDown(false)
	if err := <-opened; err != nil {
		t.Errorf("ngrok came back, but: %v", err)
	}
}

// A lost connection to ngrok comes back under the same address, and the log says
// both, once.
func TestComesBack(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, said := config(service)
	serve(t, c, http.HandlerFunc(hello))
	service.SetDown(true)
	service.Drop()
	within(t, "the log says that the tunnel is lost", func() bool {
		return strings.Contains(said.String(), "the tunnel is lost; pages go on at the local address")
	})
	if got := get(service, "/"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("while it is lost: %s", got)
	}
	within(t, "some attempts fail", func() bool { return service.Refused() >= 2 })
	service.SetDown(false)
	within(t, "it answers again", func() bool { return strings.HasPrefix(get(service, "/"), "200 ") })
	within(t, "the log says that it is back", func() bool { return strings.Contains(said.String(), "the tunnel is back") })
	if service.Resumed() != 1 {
		t.Errorf("the endpoint was got back %d times, want 1", service.Resumed())
	}
	if lost := strings.Count(said.String(), "the tunnel is lost"); lost != 1 || strings.Contains(said.String(), "level=ERROR") {
		t.Errorf("said %d times that it is lost:\n%s", lost, said)
	}
}

// An endpoint closed at ngrok's dashboard is opened again.
func TestOpensAgain(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, said := config(service)
	serve(t, c, http.HandlerFunc(hello))
	if err := service.StopEndpoint(); err != nil {
		t.Fatal(err)
	}
	within(t, "it answers again", func() bool { return strings.HasPrefix(get(service, "/"), "200 ") })
	if !strings.Contains(said.String(), "Stopped from the dashboard.") {
		t.Errorf("the log does not say why:\n%s", said)
	}
}

// Closing ends Accept but not what was accepted, so that answers under way are
// finished.
func TestCloseLetsAnswersFinish(t *testing.T) {
	t.Parallel()
	service := ngroktest.Start(t)
	c, _ := config(service)
	open, err := tunnel.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	asked, goOn := make(chan bool), make(chan bool)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- true
		<-goOn
		fmt.Fprint(w, "finished")
	})}
	go server.Serve(open) //nolint:errcheck // ends with the tunnel
	answer := make(chan string)
	go func() { answer <- get(service, "/") }()
	<-asked
	stopped := make(chan error)
	go func() { stopped <- server.Shutdown(t.Context()) }()
	if _, err := open.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	close(goOn)
	if got := <-answer; got != "200 finished <nil>" {
		t.Errorf("got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	open.Disconnect()
}

// Disconnecting ends what is waiting, also while the connection to ngrok is lost,
// and may be done twice.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		service := ngroktest.Start(t)
		c, said := config(service)
		open, err := tunnel.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if lost {
			service.SetDown(true)
			service.Drop()
			within(t, "it is lost", func() bool { return strings.Contains(said.String(), "the tunnel is lost") })
		}
		accepted := make(chan error, 1)
		go func() { _, err := open.Accept(); accepted <- err }()
		began := time.Now()
		open.Disconnect()
		open.Disconnect()
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("lost %t: accept ended with %v", lost, err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("lost %t: disconnecting took %v", lost, took)
		}
		within(t, "ngrok knows", func() bool { return !service.Bound() })
	}
}
