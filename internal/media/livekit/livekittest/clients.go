// Package livekittest connects real LiveKit clients, which send and count real
// packets, in tests.
package livekittest

import (
	"context"
	"errors"
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

// Main is for the beginning of TestMain: in the process that Start starts it is
// the clients, and does what it is told on standard input until that ends. In
// the tests it returns.
func Main() {
	if len(os.Args) != 2 || os.Args[1] != clientsArgument {
		return
	}
	lksdk.SetLogger(quiet)
	server := rpc.NewServer()
	if err := server.Register(&Clients{live: make(map[int]*client)}); err != nil {
		panic(err) // the type is made for it
	}
	server.ServeConn(stdio{})
	os.Exit(0)
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

// Disguise is Disguiser's.
func (c *Clients) Disguise(args StreamArgs, _ *int) error {
	return c.get(args.Client).Disguise(args.Source)
}

// Received is mediatest.Client's.
func (c *Clients) Received(args StreamArgs, packets *int) error {
	*packets = c.get(args.Client).Received(args.From, args.Source)
	return nil
}

// Unmute is mediatest.Unmuter's.
func (c *Clients) Unmute(n int, _ *int) error {
	c.get(n).Unmute()
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

// Disguiser is what the clients of this package are too: they can do what no
// honest one does.
type Disguiser interface {
	// Disguise sends under the name of a source what it is not, sound as a picture
	// or a picture as sound. It may fail, or send in vain.
	Disguise(mediatest.Source) error
}

// Process is a process of clients.
type Process struct {
	rpc  *rpc.Client
	cmd  *exec.Cmd
	in   io.Closer
	once sync.Once
	err  error // of its end
}

// Start starts a process of clients, which ends with the test.
func Start(t testing.TB) *Process {
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
	p := &Process{cmd: cmd, in: in, rpc: rpc.NewClient(struct {
		io.ReadCloser
		io.Writer
	}{out, in})}
	t.Cleanup(func() {
		if err := p.end(p.in.Close); err != nil {
			t.Errorf("process of clients: %v", err)
		}
	})
	return p
}

func (p *Process) end(how func() error) error {
	p.once.Do(func() { p.err = errors.Join(how(), p.cmd.Wait()) })
	return p.err
}

// Kill has the process and its clients die at once: nothing is said to the media
// server.
func (p *Process) Kill() {
	_ = p.end(p.cmd.Process.Kill) // that it was killed is no error
	p.err = nil
}

// remote is a client in a process.
type remote struct {
	t       testing.TB
	process *rpc.Client
	n       int
	done    chan struct{}
}

// Enter connects a new client. What goes wrong with it later fails the test t.
func (p *Process) Enter(t testing.TB, args EnterArgs) (mediatest.Client, error) {
	r := &remote{t: t, process: p.rpc, done: make(chan struct{})}
	if err := r.process.Call("Clients.Enter", args, &r.n); err != nil {
		return nil, err
	}
	ended := r.process.Go("Clients.Wait", r.n, new(int), nil)
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

// Disguise implements Disguiser.
func (r *remote) Disguise(source mediatest.Source) error {
	return r.process.Call("Clients.Disguise", StreamArgs{Client: r.n, Source: source}, new(int))
}

func (r *remote) Received(from media.ParticipantID, source mediatest.Source) int {
	var packets int
	r.call("Received", StreamArgs{r.n, from, source}, &packets)
	return packets
}

// Unmute implements mediatest.Unmuter.
func (r *remote) Unmute() { r.call("Unmute", r.n, new(int)) }

func (r *remote) Others() []media.ParticipantID {
	var others []media.ParticipantID
	r.call("Others", r.n, &others)
	return others
}

func (r *remote) Done() <-chan struct{} { return r.done }

func (r *remote) Leave() { r.call("Leave", r.n, new(int)) }
