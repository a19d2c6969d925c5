package livekit_test

import (
	"context"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"testing"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
)

// The real clients run in a process of their own, which the tests steer: the
// WebRTC library that they use has data races (two goroutines of it may read
// one SRTP stream), and the race detector would fail the tests for those.

// clientsArgument tells the test binary to be that process.
const clientsArgument = "livekit-clients-of-test"

// serveClients is the body of that process: it does what it is told on standard
// input until that ends.
func serveClients() {
	lksdk.SetLogger(quiet)
	server := rpc.NewServer()
	if err := server.Register(&Clients{live: make(map[int]*client)}); err != nil {
		panic(err) // the type is made for it
	}
	server.ServeConn(stdio{})
}

// stdio is the connection to the tests, with which the process ends.
type stdio struct{}

func (stdio) Read(p []byte) (int, error) {
	n, err := os.Stdin.Read(p)
	if err != nil {
		os.Exit(0)
	}
	return n, nil
}

func (stdio) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

func (stdio) Close() error { return nil }

// Clients has the methods that the tests call. Clients are numbered.
type Clients struct {
	mu   sync.Mutex
	live map[int]*client
}

func (c *Clients) get(n int) *client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live[n]
}

// EnterArgs are those of Enter.
type EnterArgs struct {
	URL, Token string
	Single     bool // with one peer connection instead of two
}

// Enter connects a new client and answers with its number.
func (c *Clients) Enter(args EnterArgs, n *int) error {
	var options []lksdk.ConnectOption
	if args.Single {
		options = append(options, lksdk.WithSinglePeerConnection())
	}
	entered, err := enter(context.Background(), args.URL, args.Token, options...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*n = len(c.live) + 1
	c.live[*n] = entered
	return nil
}

// StreamArgs are those of Publish and Received.
type StreamArgs struct {
	Client int
	From   media.ParticipantID
	Source mediatest.Source
}

// Publish is mediatest.Client's.
func (c *Clients) Publish(args StreamArgs, _ *int) error {
	return c.get(args.Client).Publish(args.Source)
}

// Received is mediatest.Client's.
func (c *Clients) Received(args StreamArgs, packets *int) error {
	*packets = c.get(args.Client).Received(args.From, args.Source)
	return nil
}

// Others is mediatest.Client's.
func (c *Clients) Others(n int, others *[]media.ParticipantID) error {
	*others = c.get(n).Others()
	return nil
}

// Wait answers when the connection has ended.
func (c *Clients) Wait(n int, _ *int) error {
	<-c.get(n).Done()
	return nil
}

// Leave is mediatest.Client's.
func (c *Clients) Leave(n int, _ *int) error {
	c.get(n).Leave()
	return nil
}

// startClients starts a process of clients, which ends with the test.
func startClients(t testing.TB) *rpc.Client {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable, clientsArgument)
	cmd.Env = append(os.Environ(), "GORACE=exitcode=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	process := rpc.NewClient(struct {
		io.ReadCloser
		io.Writer
	}{out, in})
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("process of clients: %v", err)
		}
	})
	return process
}

// remote is a client in that process.
type remote struct {
	t       testing.TB
	process *rpc.Client
	n       int
	done    chan struct{}
}

// enterRemote connects a new client there.
func enterRemote(t testing.TB, process *rpc.Client, args EnterArgs) (mediatest.Client, error) {
	r := &remote{t: t, process: process, done: make(chan struct{})}
	if err := process.Call("Clients.Enter", args, &r.n); err != nil {
		return nil, err
	}
	ended := process.Go("Clients.Wait", r.n, new(int), nil)
	go func() {
		<-ended.Done // also when the process is gone
		close(r.done)
	}()
	return r, nil
}

func (r *remote) call(method string, args, answer any) {
	r.t.Helper()
	if err := r.process.Call("Clients."+method, args, answer); err != nil {
		r.t.Errorf("%s: %v", method, err)
	}
}

func (r *remote) Publish(source mediatest.Source) error {
	return r.process.Call("Clients.Publish", StreamArgs{Client: r.n, Source: source}, new(int))
}

func (r *remote) Received(from media.ParticipantID, source mediatest.Source) int {
	var packets int
	r.call("Received", StreamArgs{r.n, from, source}, &packets)
	return packets
}

func (r *remote) Others() []media.ParticipantID {
	var others []media.ParticipantID
	r.call("Others", r.n, &others)
	return others
}

func (r *remote) Done() <-chan struct{} { return r.done }

func (r *remote) Leave() { r.call("Leave", r.n, new(int)) }
