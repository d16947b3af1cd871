package journeys

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// wires is what everything in this test program calls each other over.
var wires = &network{next: http.DefaultTransport.(*http.Transport).Clone(), hosts: map[string]*host{}}

// samples is the folder of the filled systems; it outlives every test.
var samples string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	// What every client of the services uses when no other transport is named.
	http.DefaultTransport = wires
	var err error
	if samples, err = os.MkdirTemp("", "traid-journeys-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(samples)
	code := m.Run()
	wires.next.CloseIdleConnections()
	if code == 0 {
		if err := goleak.Find(goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")); err != nil { // scs.New starts it for a store that is then replaced, and it cannot be stopped safely
			fmt.Fprintln(os.Stderr, "goroutines that nobody ended:", err)
			code = 1
		}
	}
	return code
}

// network carries every call, remembers what was asked for, and can take a
// service off the network or lose its answers.
type network struct {
	next *http.Transport

	mu    sync.Mutex
	hosts map[string]*host
}

// host is one service as the network sees it.
type host struct {
	urls []string                   // every one that was asked for
	down bool                       // services do not reach it
	lose func(r *http.Request) bool // whose answers get lost after the call was made; nil: none
}

// errCut is what a caller sees of a service that the network does not reach.
var errCut = errors.New("the connection was cut")

// RoundTrip carries a call of a service.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	h := n.host(r.URL.Host)
	h.urls = append(h.urls, r.URL.String())
	down, lost := h.down, h.lose != nil && h.lose(r)
	n.mu.Unlock()
	if down {
		return nil, errCut
	}
	res, err := n.next.RoundTrip(r)
	if err == nil && lost {
		return nil, errors.Join(errCut, res.Body.Close())
	}
	return res, err
}

// host gives what is known of a host. The caller holds the lock.
func (n *network) host(name string) *host {
	h, known := n.hosts[name]
	if !known {
		h = &host{}
		n.hosts[name] = h
	}
	return h
}

// change changes how a host is reached.
func (n *network) change(name string, do func(h *host)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	do(n.host(name))
}

// people carries the calls of browsers, for whom every service is there.
type people struct{ *network }

func (p people) RoundTrip(r *http.Request) (*http.Response, error) {
	p.change(r.URL.Host, func(h *host) { h.urls = append(h.urls, r.URL.String()) })
	return p.next.RoundTrip(r)
}
