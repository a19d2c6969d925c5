// Command double runs the double of Twilio for the browser tests: the REST
// service, the signalling service, and an address by which tests make things
// happen. It prints where they are and the account's credentials, as one line of
// JSON, and ends with its standard input.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"foyer/internal/media/twilio/twiliotest"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "double:", err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) error {
	account := twiliotest.NewAccount()
	service := twiliotest.New(account)
	defer service.Close()
	signalling := twiliotest.NewSignalling(service)
	defer signalling.Close()

	rest, err := serve(service.REST())
	if err != nil {
		return err
	}
	sockets := http.NewServeMux()
	sockets.Handle("/signaling", signalling)
	signals, err := serve(sockets)
	if err != nil {
		return err
	}
	control, err := serve(controls(service, signalling))
	if err != nil {
		return err
	}
	err = json.NewEncoder(stdout).Encode(map[string]string{
		"api_url":       "http://" + rest,
		"signaling_url": "ws://" + signals + "/signaling",
		"control_url":   "http://" + control,
		"account_sid":   account.SID, "api_key_sid": account.KeySID, "api_key_secret": account.KeySecret, "auth_token": account.AuthToken,
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// serve serves on a free port of this machine, until the process ends, and
// returns the address.
func serve(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		if err := http.Serve(listener, handler); err != nil && !errors.Is(err, net.ErrClosed) {
			fmt.Fprintln(os.Stderr, "double:", err)
		}
	}()
	return listener.Addr().String(), nil
}

// controls returns what tests make happen. An answer of 404 means that there is
// nobody, or no room, of that name.
func controls(service *twiliotest.Service, signalling *twiliotest.Signalling) http.Handler {
	routes := http.NewServeMux()
	found := func(w http.ResponseWriter, ok bool) {
		if !ok {
			http.Error(w, "nobody", http.StatusNotFound)
		}
	}
	// Cuts somebody's signalling.
	routes.HandleFunc("POST /drop", func(w http.ResponseWriter, r *http.Request) {
		found(w, signalling.Drop(r.FormValue("identity")))
	})
	// Lets no signalling connection in, or does so again.
	routes.HandleFunc("POST /refuse", func(_ http.ResponseWriter, r *http.Request) {
		signalling.Refuse(r.FormValue("refuse") == "true")
	})
	// Holds status callbacks back, or lets them go.
	routes.HandleFunc("POST /hold", func(_ http.ResponseWriter, r *http.Request) {
		service.HoldCallbacks(r.FormValue("hold") == "true")
	})
	// Sets what is told of somebody's network, 0 to 5.
	routes.HandleFunc("POST /quality", func(w http.ResponseWriter, r *http.Request) {
		level, err := strconv.Atoi(r.FormValue("level"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		found(w, signalling.SetQuality(r.FormValue("identity"), level))
	})
	// Ends a room, as from Twilio's console.
	routes.HandleFunc("POST /complete", func(w http.ResponseWriter, r *http.Request) {
		room := service.Room(r.FormValue("room"))
		if room != nil {
			service.Complete(room.SID)
		}
		found(w, room != nil)
	})
	// Makes REST requests fail.
	routes.HandleFunc("POST /fail", func(w http.ResponseWriter, r *http.Request) {
		times, err := strconv.Atoi(r.FormValue("times"))
		status, err2 := strconv.Atoi(r.FormValue("status"))
		if err := errors.Join(err, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		service.Fail(times, status, "")
	})
	// Who is in a room, and what was wrong with the requests so far.
	routes.HandleFunc("GET /present", func(w http.ResponseWriter, r *http.Request) {
		identities := []string{}
		if room := service.Room(r.FormValue("room")); room != nil {
			for _, p := range service.Present(room) {
				identities = append(identities, p.Identity)
			}
		}
		answer(w, identities)
	})
	routes.HandleFunc("GET /violations", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, append([]string{}, service.Violations()...))
	})
	return routes
}

func answer(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what) // whoever asked has gone
}
